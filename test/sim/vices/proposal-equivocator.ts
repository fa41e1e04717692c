import {
  decode,
  encode,
  getBodyHash,
  getProposalClaim,
  getProposalDigest,
  getStateRoot,
  type Proposal,
  type SignedAttestation,
  signedProposalType,
} from '@watchfire/attestation'
import { computeState } from '@watchfire/consensus'
import { type Powers, sendSplit, sendToAll, type Vice } from './vice.ts'

/**
 * As leader, proposes two sound blocks in one view, one naming an attestation less, each to a part
 * of the others.
 */
export class ProposalEquivocator implements Vice {
  readonly name = 'proposal-equivocator'
  readonly answers = true
  readonly #findAttestation: (digest: Uint8Array) => SignedAttestation | undefined

  /** @param findAttestation looks among those that the faulty node holds */
  constructor(findAttestation: (digest: Uint8Array) => SignedAttestation | undefined) {
    this.#findAttestation = findAttestation
  }

  corrupt: Vice['corrupt'] = (powers, topic, shard, bytes, receivers) => {
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    const other = this.#makeOther(powers, decoded.value.message)
    if (other === undefined) return sendToAll(topic, shard, bytes, receivers)
    const claim = getProposalClaim(powers.founding.networkId, other)
    const signature = powers.sign(getProposalDigest(powers.founding.networkId, claim))
    const forged = encode(signedProposalType, { message: other, signature })
    return sendSplit(powers.prng, topic, shard, [bytes, forged], receivers)
  }

  #makeOther({ founding, getState }: Powers, proposal: Proposal): Proposal | undefined {
    const { header, body } = proposal.block
    const context = founding.epochs[header.epoch]
    const parent = getState(header.parent)
    const refs = body.attestations.slice(0, -1)
    if (context === undefined || parent === undefined || refs.length === 0) return undefined
    const attestations = refs.flatMap(({ digest }) => this.#findAttestation(digest) ?? [])
    if (attestations.length !== refs.length) return undefined
    const otherBody = { ...body, attestations: refs }
    const state = computeState(parent, context, header, body.evidence, attestations)
    const block = {
      header: { ...header, body: getBodyHash(otherBody), stateRoot: getStateRoot(state) },
      body: otherBody,
    }
    return { ...proposal, block }
  }
}
