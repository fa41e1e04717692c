import { toHex } from '@watchfire/attestation'
import {
  listEdgeKeys,
  listEdgeSignatures,
  makeHonestSignature,
} from '../../packages/attestation/test/support/edge-signatures.ts'
import type { VectorFile } from './vector-values.ts'

/** Signatures and keys at the edge of Ed25519, with the verdicts of SPEC 2.3 and 2.4. */
export const signatureVectors: VectorFile = {
  name: 'signatures',
  make: () => ({
    signatures: [1, 2, 3]
      .map(makeHonestSignature)
      .concat(listEdgeSignatures())
      .map(({ name, publicKey, message, signature, valid }) => ({
        name,
        publicKey: toHex(publicKey),
        message: toHex(message),
        signature: toHex(signature),
        valid,
      })),
    keys: listEdgeKeys().map(({ name, publicKey, admissible }) => ({
      name,
      publicKey: toHex(publicKey),
      admissible,
    })),
  }),
}
