import {
  decode,
  getVoteDigest,
  type SignedVote,
  signedVoteType,
  type Verified,
  voteKinds,
  areVotesInConflict,
  isVoteWellFormed,
  makeVoteEvidence,
} from '@watchfire/attestation'
import { VIEWS_AHEAD } from '../tally.ts'
import {
  type AdmissionResult,
  accuse,
  type Candidate,
  checkEpochAndMember,
  checkSignature,
  checkView,
  getOrMake,
  getVotePlace,
  ignore,
  reject,
} from './admission.ts'

/** SPEC 8.3, votes. */
export function admitVote(candidate: Candidate): AdmissionResult {
  const { books, bytes } = candidate
  // [REJECT] strict decoding
  const decoded = decode(signedVoteType, bytes)
  if (!decoded.ok) return reject('malformed', decoded.detail)
  const signed = decoded.value
  const { message, signature } = signed
  // [QUEUE] epoch above, [IGNORE] epoch below, [REJECT] no such member
  const misplaced = checkEpochAndMember(books, message)
  if (misplaced !== undefined) return misplaced
  // [REJECT] kind, and zero header for nullify
  if (!isVoteWellFormed(message)) return reject('bad-kind')
  // [IGNORE] settled or too far ahead
  const unfit = checkView(books, message.view, VIEWS_AHEAD)
  if (unfit !== undefined) return unfit
  // [IGNORE] seen
  const places = books.votes.get(message.view)
  const place = getVotePlace(message.member, message.kind)
  const conflicting = findConflict(signed, places)
  if (conflicting === undefined && places?.has(place) === true) return ignore('seen')
  if (conflicting !== undefined && books.accused.has(message.member)) {
    return ignore('already-accused')
  }
  // [REJECT] signature; of a conflicting vote too, which then is evidence
  const digest = getVoteDigest(books.context.networkId, message)
  const unsigned = checkSignature(candidate, message.member, signature, digest)
  if (unsigned !== undefined) return unsigned
  if (conflicting !== undefined) {
    const evidence = makeVoteEvidence(books.context.networkId, conflicting, signed)
    return accuse(books, message.member, evidence)
  }
  // Mark seen, last.
  getOrMake(books.votes, message.view, () => new Map()).set(place, signed)
  return {
    action: 'accept',
    input: { kind: 'vote', message: signed as Verified<SignedVote> },
    digest,
  }
}

const kinds = Object.values(voteKinds)

/** A remembered vote of the same member and view that no honest member signs beside this one. */
function findConflict(
  { message }: SignedVote,
  places: ReadonlyMap<number, SignedVote> | undefined,
): SignedVote | undefined {
  if (places === undefined) return undefined
  for (const kind of kinds) {
    const other = places.get(getVotePlace(message.member, kind))
    if (other !== undefined && areVotesInConflict(message, other.message)) return other
  }
  return undefined
}
