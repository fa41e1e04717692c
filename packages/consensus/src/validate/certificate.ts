import { decode, verifyViewCertificate, viewCertificateType } from '@watchfire/attestation'
import {
  type AdmissionResult,
  type Candidate,
  checkEpochAndMember,
  getOrMake,
  ignore,
  queue,
  reject,
} from './admission.ts'

/** SPEC 8.3, certificates of a view. */
export function admitCertificate({ books, bytes, check }: Candidate): AdmissionResult {
  // [REJECT] strict decoding
  const decoded = decode(viewCertificateType, bytes)
  if (!decoded.ok) return reject('malformed', decoded.detail)
  const { view, kind } = decoded.value
  // [QUEUE] epoch above, [IGNORE] epoch below
  const misplaced = checkEpochAndMember(books, { epoch: decoded.value.epoch })
  if (misplaced !== undefined) return misplaced
  // [IGNORE] below the final view, or held. There is no bound above: who is behind needs it most,
  // and only a quorum makes one.
  if (view < books.window.finalView) return ignore('settled-view')
  if (books.certificates.get(view)?.has(kind) === true) return ignore('seen')
  // [REJECT] kind, header, members ascending, quorum, every signature
  let isDeferred = false
  const verified = verifyViewCertificate(books.context, decoded.value, (...signed) => {
    const [signature, digest, publicKey] = signed
    const verdict = check(signature, digest as Parameters<typeof check>[1], publicKey)
    isDeferred ||= verdict === 'deferred'
    return verdict === 'valid'
  })
  if (!verified.ok) {
    return isDeferred
      ? queue('deferred')
      : reject('bad-certificate', `${verified.code}: ${verified.detail}`)
  }
  // Mark seen, last.
  getOrMake(books.certificates, view, () => new Set()).add(kind)
  return { action: 'accept', input: { kind: 'certificate', message: verified.value } }
}
