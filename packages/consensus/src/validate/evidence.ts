import {
  decode,
  type Evidence,
  evidenceType,
  checkEvidence,
  getOffender,
} from '@watchfire/attestation'
import { type AdmissionResult, type Candidate, ignore, queue, reject } from './admission.ts'

/** SPEC 8.4. */
export function admitEvidence({ books, bytes, check }: Candidate): AdmissionResult {
  // [REJECT] strict decoding
  const decoded = decode<Evidence>(evidenceType, bytes)
  if (!decoded.ok) return reject('malformed', decoded.detail)
  const { epoch } = decoded.value.value.first.message
  // [IGNORE] of an epoch other than ours
  if (epoch !== books.context.epoch) {
    return ignore(epoch > books.context.epoch ? 'epoch-above' : 'epoch-below')
  }
  // [IGNORE] the member is accused already
  if (books.accused.has(getOffender(decoded.value))) return ignore('already-accused')
  // [REJECT] one epoch and member, one place, two things, in order; [REJECT] both signatures
  const checked = checkEvidence(books.context, decoded.value, check)
  if (checked === 'deferred') return queue('deferred')
  if (!checked.ok) return reject('bad-evidence', `${checked.code}: ${checked.detail}`)
  books.accused.add(getOffender(checked.value))
  return { action: 'accept', input: { kind: 'evidence', message: checked.value } }
}
