import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  areEqual,
  decode,
  type Digest,
  type EpochContext,
  getAttestationDigest,
  signedAttestationType,
  toHex,
  type Verify,
  verifySignature,
  type SignatureCheck,
} from '@watchfire/attestation'

// SPEC 2.3: one signature verdict everywhere, that of ZIP-215, which noble decides. OpenSSL refuses
// some signatures that noble accepts, so it is believed only when it accepts.

/** Keys of members are few; the bound is for keys that are none. */
const keysMax = 1024
/** DER of a SubjectPublicKeyInfo for Ed25519 (RFC 8410) up to the 32 bytes of the key. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * OpenSSL's verdict, with keys parsed once: `true` only ever where ZIP-215 says so as well.
 *
 * OpenSSL checks the equation without the cofactor, which implies it with; what it takes beyond
 * that are only encodings ZIP-215 takes too. Keys of small order are no member's (SPEC 2.4).
 */
export function makeFastVerify(): Verify {
  const keys = new Map<string, KeyObject>()
  const getKey = (publicKey: Uint8Array): KeyObject => {
    const name = toHex(publicKey)
    const known = keys.get(name)
    if (known !== undefined) return known
    const key = createPublicKey({
      key: Buffer.concat([spkiPrefix, publicKey]),
      format: 'der',
      type: 'spki',
    })
    if (keys.size >= keysMax) keys.clear()
    keys.set(name, key)
    return key
  }
  return (signature, message, publicKey) => {
    if (publicKey.length !== 32 || signature.length !== 64) return false
    return verify(null, message, getKey(publicKey), signature)
  }
}

/**
 * The check admission makes of one message: fast where it can, slow within the budget of whoever
 * brought it.
 *
 * @param takeSlow takes one slow check from the budget; false: not now
 * @param verifySlowly has the verdicts of noble
 */
export function makeSignatureCheck(
  fast: Verify,
  takeSlow: (digest: Digest) => boolean,
  verifySlowly: Verify = verifySignature,
): SignatureCheck {
  return (signature, digest, publicKey) => {
    if (fast(signature, digest, publicKey)) return 'valid'
    // An order that no honest signer has: S not below L is refused by everyone, at no cost (RFC 8032).
    if (!isScalarInRange(signature)) return 'invalid'
    if (!takeSlow(digest)) return 'deferred'
    return verifySlowly(signature, digest, publicKey) ? 'valid' : 'invalid'
  }
}

/**
 * Whether an attestation is a member's as far as the fast check can tell. It decides where an early one
 * waits (SPEC 8.2: [QUEUE] comes before the signature), not whether it is admitted.
 */
export function isSignedByMember(context: EpochContext, bytes: Uint8Array, fast: Verify): boolean {
  const decoded = decode(signedAttestationType, bytes)
  if (!decoded.ok) return false
  const { message, signature } = decoded.value
  const publicKey = context.committee.members[message.member]?.publicKey
  if (publicKey === undefined) return false
  return fast(signature, getAttestationDigest(context.networkId, message), publicKey)
}

/** L of Ed25519, little-endian. */
const order = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')

function isScalarInRange(signature: Uint8Array): boolean {
  const scalar = signature.subarray(32)
  if (areEqual(scalar, order)) return false
  for (let i = 31; i >= 0; i -= 1) {
    const difference = (scalar[i] ?? 0) - (order[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
