import {
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  sign as signWithNode,
  verify as verifyWithNode,
} from 'node:crypto'
import { makeVerify, type Verify } from '@watchfire/attestation'

export type SchemeName = 'cheap' | 'ed25519'

export interface SimKey {
  readonly publicKey: Uint8Array
  sign(digest: Uint8Array): Uint8Array
}

/** Keys and their verifier, which goes into core and validators as the real one does. */
export interface SignatureScheme {
  readonly name: SchemeName
  /** @param label names the key; equal labels give equal keys */
  makeKey(label: string): SimKey
  readonly verify: Verify
}

export function makeScheme(name: SchemeName): SignatureScheme {
  return name === 'cheap' ? makeCheapScheme() : makeEd25519Scheme()
}

/**
 * Keyed hashes in the shape of signatures: 64 bytes, bound to key and message. Whoever knows the
 * scheme could forge them; nobody in the simulator does.
 */
function makeCheapScheme(): SignatureScheme {
  const secrets = new Map<string, Int32Array>()
  // The objects that committees hold are asked for all the time.
  const ofObjects = new Map<Uint8Array, Int32Array>()
  return {
    name: 'cheap',
    makeKey(label) {
      const secret = new Int32Array(hash('sha256', `secret of ${label}`, 'buffer').buffer, 0, 8)
      const publicKey = new Uint8Array(hash('sha256', `public key of ${label}`, 'buffer'))
      secrets.set(toName(publicKey), secret)
      ofObjects.set(publicKey, secret)
      return { publicKey, sign: (digest) => toBytes(mix(secret, digest)) }
    },
    verify(signature, digest, publicKey) {
      const secret = ofObjects.get(publicKey) ?? secrets.get(toName(publicKey))
      if (secret === undefined || signature.length !== SIGNATURE_WORDS * 4) return false
      const wanted = mix(secret, digest)
      for (let index = 0; index < SIGNATURE_WORDS; index++) {
        if (readWord(signature, 4 * index) !== wanted[index]) return false
      }
      return true
    },
  }
}

const SIGNATURE_WORDS = 16

/**
 * Sixteen words of 32 bits with a sign, which numbers without one would be boxed for; each depends on
 * every word of secret and digest: it is gone through twice.
 */
function mix(secret: Int32Array, digest: Uint8Array): Int32Array {
  const out = new Int32Array(SIGNATURE_WORDS)
  let word = digest.length
  for (let index = 0; index < 2 * SIGNATURE_WORDS; index++) {
    const part = readWord(digest, (index % 8) * 4)
    word = Math.imul(word ^ part ^ (secret[index % 8] ?? 0), 0x9e3779b1)
    word ^= word >>> 15
    word = Math.imul(word + index, 0x85ebca77)
    word ^= word >>> 13
    out[index % SIGNATURE_WORDS] = (out[index % SIGNATURE_WORDS] ?? 0) ^ word
  }
  return out
}

/** Four bytes, the lowest first. A view would cost more than all that is read by it. */
function readWord(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

function toBytes({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function toName(publicKey: Uint8Array): string {
  return toLatin1(publicKey, 12)
}

/** The first bytes in a string, a letter each. */
function toLatin1({ buffer, byteOffset }: Uint8Array, length: number): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1')
}

/** Ed25519 as in production: a fast verifier that is believed when it accepts, noble otherwise (SPEC 2.3). */
function makeEd25519Scheme(): SignatureScheme {
  const publicKeys = new Map<string, KeyObject>()
  return {
    name: 'ed25519',
    makeKey(label) {
      const seed = hash('sha256', `seed of ${label}`, 'buffer')
      const privateKey = createPrivateKey({
        key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
        format: 'der',
        type: 'pkcs8',
      })
      const key = createPublicKey(privateKey)
      const publicKey = new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32))
      publicKeys.set(toName(publicKey), key)
      return {
        publicKey,
        sign: (digest) => new Uint8Array(signWithNode(null, digest, privateKey)),
      }
    },
    verify: remember(
      makeVerify((signature, digest, publicKey) => {
        const key = publicKeys.get(toName(publicKey))
        return key !== undefined && verifyWithNode(null, digest, key, signature)
      }),
    ),
  }
}

/** Each signature is verified once a world, and not once by every node and checker: it depends on bytes alone. */
function remember(verify: Verify): Verify {
  const known = new Map<string, boolean>()
  return (signature, digest, publicKey) => {
    // Lengths too, since what is forged may have any.
    const name = [signature, digest, publicKey]
      .map((bytes) => `${bytes.length}:${toLatin1(bytes, bytes.length)}`)
      .join('')
    let isValid = known.get(name)
    if (isValid === undefined) {
      isValid = verify(signature, digest, publicKey)
      known.set(name, isValid)
    }
    return isValid
  }
}
