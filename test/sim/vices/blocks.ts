import {
  type Body,
  encode,
  getBodyHash,
  getProposalClaim,
  getProposalDigest,
  getStateRoot,
  type Header,
  type Proposal,
  signedProposalType,
} from '@watchfire/attestation'
import { computeState } from '@watchfire/consensus'
import type { Powers } from './vice.ts'

// What faulty leaders make of the blocks that their honest core proposes.

/**
 * The same proposal with another content, whose state root is as chapter 7 has it.
 *
 * @param header what else of the header differs
 * @returns undefined where the node lacks what it takes to compute the state
 */
export function rebuild(
  { founding, getState, getAttestation }: Powers,
  proposal: Proposal,
  body: Partial<Body>,
  header: Partial<Header> = {},
): Proposal | undefined {
  const { block } = proposal
  const otherBody = { ...block.body, ...body }
  const otherHeader = { ...block.header, ...header, body: getBodyHash(otherBody) }
  const context = founding.epochs[otherHeader.epoch]
  const parent = getState(otherHeader.parent)
  if (context === undefined || parent === undefined) return undefined
  const attestations = otherBody.attestations.flatMap(({ digest }) => getAttestation(digest) ?? [])
  if (attestations.length !== otherBody.attestations.length) return undefined
  const state = computeState(parent, context, otherHeader, otherBody.evidence, attestations)
  const made = { header: { ...otherHeader, stateRoot: getStateRoot(state) }, body: otherBody }
  return { ...proposal, block: made }
}

/** @returns the bytes of a proposal under this node's key */
export function signProposal({ founding, sign }: Powers, message: Proposal): Uint8Array {
  const claim = getProposalClaim(founding.networkId, message)
  const signature = sign(getProposalDigest(founding.networkId, claim))
  return encode(signedProposalType, { message, signature })
}
