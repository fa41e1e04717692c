import {
  decode,
  type Digest,
  encode,
  getProposalClaim,
  getProposalDigest,
  type Proposal,
  signedProposalType,
} from '@watchfire/attestation'
import { sendToAll, type Vice } from './vice.ts'

/** As leader, proposes blocks whose state root is not what their inputs give. */
export const wrongRootLeader: Vice = {
  name: 'wrong-root-leader',
  answers: true,
  corrupt({ founding, sign }, topic, shard, bytes, receivers) {
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    const { block } = decoded.value.message
    const stateRoot = Uint8Array.from(block.header.stateRoot, (byte) => byte ^ 1) as Digest
    const message: Proposal = {
      ...decoded.value.message,
      block: { ...block, header: { ...block.header, stateRoot } },
    }
    const claim = getProposalClaim(founding.networkId, message)
    const signature = sign(getProposalDigest(founding.networkId, claim))
    const forged = encode(signedProposalType, { message, signature })
    return sendToAll(topic, shard, forged, receivers)
  },
}
