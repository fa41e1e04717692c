import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { toHex, type Verify } from '@watchfire/attestation'

const keys = new Map<string, KeyObject | undefined>()

/** OpenSSL's verdict, which may only be believed when it accepts; false where it refuses the key. */
export const fastVerify: Verify = (signature, message, publicKey) => {
  const key = getKey(publicKey)
  return key !== undefined && verify(null, message, key, signature)
}

function getKey(publicKey: Uint8Array): KeyObject | undefined {
  const id = toHex(publicKey)
  if (!keys.has(id)) keys.set(id, makeKey(publicKey))
  return keys.get(id)
}

function makeKey(publicKey: Uint8Array): KeyObject | undefined {
  const x = Buffer.from(publicKey).toString('base64url')
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  } catch {
    // Some releases look at the point here already; what they refuse is for the slow path to judge.
    return undefined
  }
}
