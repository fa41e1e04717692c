import {
  type Attestation,
  decode,
  encode,
  getAttestationDigest,
  getVoteDigest,
  isVoteWellFormed,
  signedAttestationType,
  type SignedVote,
  signedVoteType,
  type Vote,
} from '@watchfire/attestation'
import type { Powers } from './vice.ts'

/** @returns the vote in bytes that are one; others may send anything, and so may a vice before this one */
export function readVote(bytes: Uint8Array): SignedVote | undefined {
  const decoded = decode(signedVoteType, bytes)
  return decoded.ok && isVoteWellFormed(decoded.value.message) ? decoded.value : undefined
}

/** @returns the bytes of a vote under this node's key, whoever it says voted */
export function signVote({ founding, sign }: Powers, message: Vote): Uint8Array {
  const signature = sign(getVoteDigest(founding.networkId, message))
  return encode(signedVoteType, { message, signature })
}

/** @returns the bytes of an attestation under this node's key, whoever it says attests */
export function signAttestation({ founding, sign }: Powers, message: Attestation): Uint8Array {
  const signature = sign(getAttestationDigest(founding.networkId, message))
  return encode(signedAttestationType, { message, signature })
}
