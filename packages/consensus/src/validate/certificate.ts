import {
  decode,
  type Hex,
  toHex,
  verifyViewCertificate,
  type View,
  viewCertificateType,
  voteKinds,
} from '@watchfire/attestation'
import {
  type AdmissionResult,
  type Books,
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
  const { view, kind, header } = decoded.value
  // [QUEUE] epoch above, [IGNORE] epoch below
  const misplaced = checkEpochAndMember(books, { epoch: decoded.value.epoch })
  if (misplaced !== undefined) return misplaced
  // [IGNORE] below the final view, or held. There is no bound above: who is behind needs it most,
  // and only a quorum makes one.
  if (view < books.window.finalView) return ignore('settled-view')
  const held = getHeld(books, view, kind)
  // A second finalization of a view, for another block, is what shows that more than f lie (SPEC 6.7).
  if (held !== undefined && (kind !== voteKinds.finalize || held.size > 1)) return ignore('seen')
  const hex = toHex(header)
  if (held?.has(hex) === true) return ignore('seen')
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
  markHeld(books, view, kind, hex)
  return { action: 'accept', input: { kind: 'certificate', message: verified.value } }
}

/** Headers of what was admitted, or of what the core made of votes itself: it wants no other of that either. */
function getHeld(books: Books, view: View, kind: number): ReadonlySet<Hex> | undefined {
  const admitted = books.certificates.get(view)?.get(kind)
  if (admitted !== undefined) return admitted
  const header = books.window.getHeldHeader(view, kind)
  return header === undefined ? undefined : markHeld(books, view, kind, toHex(header))
}

function markHeld(books: Books, view: View, kind: number, hex: Hex): ReadonlySet<Hex> {
  const kinds = getOrMake(books.certificates, view, () => new Map<number, Set<Hex>>())
  return getOrMake(kinds, kind, () => new Set<Hex>()).add(hex)
}
