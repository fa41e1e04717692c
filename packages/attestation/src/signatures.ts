import { getPublicKey as derive, hashes, Point, sign, verify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import type { Digest } from './brands.ts'
import { areEqual } from './bytes.ts'

// The library's synchronous half works with a hash that its user provides.
hashes.sha512 = sha512

/** A verifier of Ed25519 signatures. It must not throw. */
export type Verify = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean

/** The one verdict on a signature: ZIP-215 (SPEC 2.3). False for any bad input; never throws. */
export const verifySignature: Verify = (signature, message, publicKey) => {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  return verify(signature, message, publicKey, { zip215: true })
}

/**
 * A verifier with the verdicts of {@link verifySignature}, at the speed of `fast` for honest
 * signatures. `fast` is believed only when it accepts, since OpenSSL, WebCrypto and libsodium
 * refuse signatures that ZIP-215 accepts (SPEC 2.3).
 *
 * @param fast a verifier that accepts nothing ZIP-215 refuses
 */
export function makeVerify(fast: Verify): Verify {
  return (signature, message, publicKey) =>
    fast(signature, message, publicKey) || verifySignature(signature, message, publicKey)
}

/**
 * @param digest what SPEC 2.2 says is signed
 * @param secretKey the 32-byte seed of RFC 8032
 * @returns 64 bytes, the same for the same input
 */
export function signDigest(digest: Digest, secretKey: Uint8Array): Uint8Array {
  return sign(digest, secretKey)
}

/** @param secretKey the 32-byte seed of RFC 8032 */
export function getPublicKey(secretKey: Uint8Array): Uint8Array {
  return derive(secretKey)
}

/**
 * Whether a member may have this key: the canonical encoding of a point of exactly order L, so that
 * neither small order nor torsion gives one signature two readings (SPEC 2.4).
 */
export function isAdmissibleKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false
  let point: Point
  try {
    point = Point.fromBytes(publicKey, false)
  } catch {
    // Not a point, or not its canonical encoding: the library says so by throwing.
    return false
  }
  return !point.is0() && point.isTorsionFree() && areEqual(point.toBytes(), publicKey)
}
