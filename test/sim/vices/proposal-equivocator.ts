import { decode, signedProposalType } from '@watchfire/attestation'
import { rebuild, signProposal } from './blocks.ts'
import { sendSplit, sendToAll, type Vice } from './vice.ts'

/**
 * As leader, proposes two sound blocks in one view, one naming an attestation less, each to a part
 * of the others.
 */
export const proposalEquivocator: Vice = {
  name: 'proposal-equivocator',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    const { message } = decoded.value
    const refs = message.block.body.attestations.slice(0, -1)
    const other = rebuild(powers, message, { attestations: refs })
    if (refs.length === 0 || other === undefined) {
      return sendToAll(topic, shard, bytes, receivers)
    }
    return sendSplit(powers.prng, topic, shard, [bytes, signProposal(powers, other)], receivers)
  },
}
