import { limits, toText, verifyCertificateFile, verifySignature } from '@watchfire/attestation'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { readNamedFile } from '../file.ts'
import { readManifestFile } from '../manifest-file.ts'
import { viewState } from '../state-view.ts'
import { formatState, toStateJson } from '../text/state-text.ts'
import type { Terminal } from '../text/terminal.ts'

/**
 * `watchfire certificate verify FILE --manifest FILE`: needs no node and no network.
 *
 * @returns 0 when it proves a state, 1 with the code of SPEC 9.2 when it does not
 * @throws CommandFault: 2 for a missing file, 78 for a malformed manifest
 */
export function verifyCertificateCommand(
  terminal: Terminal,
  path: string,
  options: { readonly manifest: string; readonly json?: boolean },
): number {
  // The manifest first: without a trust root there is nothing to verify.
  const { manifest } = readManifestFile(options.manifest)
  const bytes = readNamedFile(path, limits.certificateFileBytesMax)
  const verified = verifyCertificateFile(bytes, manifest, verifySignature)
  if (!verified.ok) {
    const { code, detail } = verified
    if (options.json === true) terminal.out(JSON.stringify({ valid: false, code, detail }))
    throw new CommandFault(exitCodes.failure, `${path}: refused: ${code}: ${detail}`)
  }
  const view = viewState(verified.value)
  const name = toText(manifest.name)
  const { parameters } = verified.value.context
  terminal.out(
    options.json === true
      ? JSON.stringify({ valid: true, ...toStateJson(view, name, parameters) })
      : formatState(terminal, view, name, parameters).join('\n'),
  )
  return exitCodes.ok
}
