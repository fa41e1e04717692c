import {
  areEqual,
  decode,
  getBodyHash,
  getLeader,
  getProposalClaim,
  getProposalDigest,
  type SignedProposal,
  signedProposalType,
  toHex,
  type Verified,
  makeProposalEvidence,
} from '@watchfire/attestation'
import { PROPOSALS_AHEAD } from '../vote.ts'
import {
  type AdmissionResult,
  accuse,
  type Candidate,
  checkEpochAndMember,
  checkSignature,
  checkView,
  ignore,
  reject,
} from './admission.ts'

/** SPEC 8.3, proposals. */
export function admitProposal(candidate: Candidate): AdmissionResult {
  const { books, bytes } = candidate
  const { context } = books
  // [REJECT] strict decoding
  const decoded = decode(signedProposalType, bytes)
  if (!decoded.ok) return reject('malformed', decoded.detail)
  const { message, signature } = decoded.value
  // [QUEUE] epoch above, [IGNORE] epoch below, [REJECT] no such member
  const misplaced = checkEpochAndMember(books, message)
  if (misplaced !== undefined) return misplaced
  // [REJECT] the member leads the view
  if (message.member !== getLeader(context, message.view)) return reject('not-leader')
  // [IGNORE] settled, or further ahead than proposals are held
  const unfit = checkView(books, message.view, PROPOSALS_AHEAD)
  if (unfit !== undefined) return unfit
  // [IGNORE] seen
  const claim = { message: getProposalClaim(context.networkId, message), signature }
  const digest = getProposalDigest(context.networkId, claim.message)
  const hex = toHex(digest)
  const seen = books.proposals.get(message.view)
  if (seen?.digest === hex) return ignore('seen')
  if (seen !== undefined && books.accused.has(message.member)) return ignore('already-accused')
  // [REJECT] body: the signature covers only its hash, so whoever altered it is who sent it
  if (!areEqual(getBodyHash(message.block.body), message.block.header.body)) {
    return reject('wrong-body')
  }
  // [REJECT] signature over the claim; of a second proposal too, which then is evidence
  const unsigned = checkSignature(candidate, message.member, signature, digest)
  if (unsigned !== undefined) return unsigned
  if (seen !== undefined) {
    const evidence = makeProposalEvidence(context.networkId, seen.claim, claim)
    return accuse(books, message.member, evidence)
  }
  // Mark seen, last.
  books.proposals.set(message.view, { claim, digest: hex })
  return {
    action: 'accept',
    input: {
      kind: 'proposal',
      message: decoded.value as Verified<SignedProposal>,
    },
    digest,
  }
}
