import {
  type CertifiedState,
  type EpochContext,
  verifyCertificateFile,
  verifySignature,
} from '@watchfire/attestation'
import type { Api } from './api.ts'
import { CommandFault, exitCodes } from './command-fault.ts'

/** A certificate file from a node, and what it proves. */
export interface FetchedCertificate {
  readonly bytes: Uint8Array
  readonly certified: CertifiedState
}

/**
 * Asks a node for a certificate file and verifies it.
 *
 * @param genesis the context of the manifest, which is all that is trusted
 * @param path such as `/v1/certificates/latest`
 * @throws CommandFault (1) when there is no answer, or it proves nothing
 */
export async function fetchCertified(
  api: Api,
  genesis: EpochContext,
  path: string,
): Promise<FetchedCertificate> {
  const bytes = await api.getBytes(path)
  const verified = verifyCertificateFile(bytes, genesis, verifySignature)
  if (verified.ok) return { bytes, certified: verified.value }
  const { code, detail } = verified
  throw new CommandFault(exitCodes.failure, `${api.url}${path}: refused: ${code}: ${detail}`)
}
