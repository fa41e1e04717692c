import {
  makeGenesisContext,
  toText,
  verifyEvidenceFile,
  verifySignature,
} from '@watchfire/attestation'
import { fetchEvidence, fetchLatest } from '@watchfire/light-client'
import { getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { formatEvidence, formatPlace, viewEvidence } from '../evidence-view.ts'
import { writeNamedFile } from '../file.ts'
import { cleanText, formatFacts, renderTable } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import type { ApiOptions } from './status.ts'

export interface EvidenceOptions extends ApiOptions {
  readonly manifest?: string
}

/** `watchfire evidence list`: who signed two things, each piece verified here; exclusion as certified. */
export async function listEvidenceCommand(
  terminal: Terminal,
  options: EvidenceOptions,
): Promise<void> {
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const context = makeGenesisContext(manifest)
  const found = await fetchEvidence(api.url, context)
  if (!found.ok) throw makeRefusal(`${api.url}/v1/evidence`, found)
  // Whether a block holds it is not the node's word: the certified state says who is excluded.
  const latest = await fetchLatest(api.url, context)
  if (!latest.ok) terminal.err(cleanText(`no certificate: ${latest.code}: ${latest.detail}`))
  const excluded = latest.ok ? latest.value.excluded : []
  const rows = found.value.map((proven) => ({
    view: viewEvidence(proven),
    since: excluded.find(({ monitor }) => monitor === proven.offender)?.since,
  }))
  if (options.json === true) {
    for (const { view, since } of rows)
      terminal.out(JSON.stringify({ ...view, excludedSince: since ?? null }))
    return
  }
  if (rows.length > 0) {
    const columns = ['evidence', 'offender', 'signed', ''].map((title) => ({ title }))
    const cells = rows.map(({ view, since }) => [
      view.digest,
      view.offender,
      formatPlace(view),
      since === undefined
        ? 'in no block yet'
        : paint(terminal, 'red', `excluded since round ${since}`),
    ])
    for (const line of renderTable(terminal, columns, cells)) terminal.out(line)
  }
  const proven = new Set(found.value.map(({ offender }) => offender))
  for (const { monitor, since } of excluded.filter((each) => !proven.has(each.monitor)))
    terminal.err(`${monitor} excluded since round ${since}; this node lacks the evidence`)
  const what = 'signed two things for one place'
  const count = `${rows.length} member${rows.length === 1 ? '' : 's'}`
  terminal.err(
    rows.length === 0
      ? `this node knows of nobody who ${what}`
      : `${count} ${what}; every piece verified`,
  )
}

/** `watchfire evidence show DIGEST`: one piece, verified before it is shown or kept. */
export async function showEvidenceCommand(
  terminal: Terminal,
  digest: string,
  options: EvidenceOptions & { readonly out?: string },
): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(digest))
    throw new CommandFault(exitCodes.usage, `expected 64 hex digits, got ${cleanText(digest)}`)
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const path = `/v1/evidence/${digest}`
  const bytes = await api.getBytes(path)
  const verified = verifyEvidenceFile(bytes, manifest, verifySignature)
  if (!verified.ok) throw makeRefusal(`${api.url}${path}`, verified)
  const view = viewEvidence(verified.value)
  if (view.digest !== digest)
    throw new CommandFault(exitCodes.failure, `${api.url}${path}: refused: it is ${view.digest}`)
  if (options.out !== undefined) {
    writeNamedFile(options.out, bytes)
    terminal.err(`${bytes.length} bytes written to ${options.out}`)
  }
  const lines =
    options.json === true
      ? [JSON.stringify({ ...view, file: options.out ?? null })]
      : formatFacts(terminal, formatEvidence(view, toText(manifest.name)))
  for (const line of lines) terminal.out(line)
}

function makeRefusal(
  where: string,
  { code, detail }: { readonly code: string; readonly detail: string },
): CommandFault {
  return new CommandFault(exitCodes.failure, cleanText(`${where}: refused: ${code}: ${detail}`))
}
