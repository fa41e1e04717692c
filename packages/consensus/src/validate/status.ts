import {
  decode,
  getStatusDigest,
  isText,
  type SignedStatus,
  signedStatusType,
  type Verified,
} from '@watchfire/attestation'
import {
  type AdmissionResult,
  type Candidate,
  checkEpochAndMember,
  checkSignature,
  ignore,
  reject,
} from './admission.ts'

/** How far a member's clock may be from ours for its status to be shown (SPEC 8.5). */
const CLOCK_MS_MAX = 60_000

/** SPEC 8.5. Never trusted for agreement. */
export function admitStatus(candidate: Candidate): AdmissionResult {
  const { books, bytes, nowMs } = candidate
  // [REJECT] strict decoding, text fields among it
  const decoded = decode(signedStatusType, bytes)
  if (!decoded.ok) return reject('malformed', decoded.detail)
  const { message, signature } = decoded.value
  if (![message.version, ...message.features].every(isText)) return reject('bad-text')
  // [QUEUE] epoch above, [IGNORE] epoch below, [REJECT] no such member
  const misplaced = checkEpochAndMember(books, message)
  if (misplaced !== undefined) return misplaced
  // [IGNORE] not above the last admitted, or too far from our clock
  if (message.timeMs <= (books.statuses.get(message.member) ?? -1)) return ignore('seen')
  if (Math.abs(message.timeMs - nowMs) > CLOCK_MS_MAX) return ignore('clock-too-far')
  // [REJECT] signature
  const digest = getStatusDigest(books.context.networkId, message)
  const unsigned = checkSignature(candidate, message.member, signature, digest)
  if (unsigned !== undefined) return unsigned
  books.statuses.set(message.member, message.timeMs)
  return {
    action: 'accept',
    input: { kind: 'status', message: decoded.value as Verified<SignedStatus> },
    digest,
  }
}
