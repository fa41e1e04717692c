import { limits, toText, verifyEvidenceFile, verifySignature } from '@watchfire/attestation'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { formatEvidence, viewEvidence } from '../evidence-view.ts'
import { readNamedFile } from '../file.ts'
import { readManifestFile } from '../manifest-file.ts'
import { formatFacts } from '../text/table.ts'
import type { Terminal } from '../text/terminal.ts'

/**
 * `watchfire evidence verify FILE --manifest FILE`: needs no node and no network.
 *
 * @returns 0 when it proves that a member signed two things for one place, 1 with the code of
 *   SPEC 9.6 when it does not
 * @throws CommandFault: 2 for a missing file, 78 for a malformed manifest
 */
export function verifyEvidenceCommand(
  terminal: Terminal,
  path: string,
  options: { readonly manifest: string; readonly json?: boolean },
): number {
  // The manifest first: without a trust root there is nothing to verify.
  const { manifest } = readManifestFile(options.manifest)
  const bytes = readNamedFile(path, limits.evidenceFileBytesMax)
  const verified = verifyEvidenceFile(bytes, manifest, verifySignature)
  if (!verified.ok) {
    const { code, detail } = verified
    if (options.json === true) terminal.out(JSON.stringify({ valid: false, code, detail }))
    throw new CommandFault(exitCodes.failure, `${path}: refused: ${code}: ${detail}`)
  }
  const view = viewEvidence(verified.value)
  const lines =
    options.json === true
      ? [JSON.stringify({ valid: true, ...view })]
      : formatFacts(terminal, formatEvidence(view, toText(manifest.name)))
  for (const line of lines) terminal.out(line)
  return exitCodes.ok
}
