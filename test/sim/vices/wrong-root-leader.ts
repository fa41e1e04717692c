import { decode, type Digest, signedProposalType } from '@watchfire/attestation'
import { signProposal } from './blocks.ts'
import { sendToAll, type Vice } from './vice.ts'

/** As leader, proposes blocks whose state root is not what their inputs give. */
export const wrongRootLeader: Vice = {
  name: 'wrong-root-leader',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    powers.count('proposes a wrong state')
    const { message } = decoded.value
    const { block } = message
    const stateRoot = Uint8Array.from(block.header.stateRoot, (byte) => byte ^ 1) as Digest
    const other = { ...message, block: { ...block, header: { ...block.header, stateRoot } } }
    return sendToAll(topic, shard, signProposal(powers, other), receivers)
  },
}
