import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EpochContext, verifySignature } from '@watchfire/attestation'
import { readCertificateFile, type VerifiedState } from '@watchfire/light-client'
import { writeFileAtomically } from './layout.ts'

/** Certificate files kept; nodes keep theirs for ever, these are for whoever watches the devnet. */
export const FILES_KEPT = 10_000
const NAME = /^round-(\d{10,})\.wfcert$/

/** The folder in which a devnet puts each certificate as it comes. */
export interface CertificateStore {
  /** The newest that an earlier run kept; undefined: there is none. */
  readonly last: VerifiedState | undefined
  /** Keeps a certificate file. @returns its path */
  put(round: number, bytes: Uint8Array): string
}

export function openCertificateStore(dir: string, context: EpochContext): CertificateStore {
  const names = readdirSync(dir)
    .filter((name) => NAME.test(name))
    .toSorted()
  return {
    last: findLast(dir, names, context),
    put(round, bytes) {
      const name = `round-${String(round).padStart(10, '0')}.wfcert`
      const path = join(dir, name)
      writeFileAtomically(path, bytes)
      names.push(name)
      const oldest = names.length > FILES_KEPT ? names.shift() : undefined
      if (oldest !== undefined) rmSync(join(dir, oldest), { force: true })
      return path
    },
  }
}

/** Of the newest file that verifies: a run that was cut short may have left a worse one. */
function findLast(
  dir: string,
  names: readonly string[],
  context: EpochContext,
): VerifiedState | undefined {
  for (const name of names.toReversed()) {
    const read = readCertificateFile(readFileSync(join(dir, name)), context, verifySignature)
    if (read.ok) return read.value
  }
  return undefined
}
