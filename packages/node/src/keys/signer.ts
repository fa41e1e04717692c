import { createPrivateKey, sign } from 'node:crypto'
import type { Digest, MemberIndex } from '@watchfire/attestation'
import type { SigningKey } from './key-file.ts'

/** Signs as one member. It signs whatever it is given: who calls it has asked the vote log first. */
export interface Signer {
  readonly member: MemberIndex
  sign(digest: Digest): Uint8Array
}

/** DER of a PKCS #8 private key for Ed25519 (RFC 8410) up to the 32 bytes of the seed. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** OpenSSL signs ten times as fast as noble, and by RFC 8032 the very same bytes. */
export function makeSigner(key: SigningKey, member: MemberIndex): Signer {
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, key.secretKey]),
    format: 'der',
    type: 'pkcs8',
  })
  return { member, sign: (digest) => new Uint8Array(sign(null, digest, privateKey)) }
}
