import {
  getRoundStartMs,
  getValidUntilMs,
  makeGenesisContext,
  toText,
} from '@watchfire/attestation'
import { type Api, getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { fetchCertified } from '../fetch-certified.ts'
import { writeNamedFile } from '../file.ts'
import { viewState } from '../state-view.ts'
import {
  formatExcluded,
  formatIncident,
  formatState,
  formatTargets,
  toStateJson,
} from '../text/state-text.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { formatSeconds } from '../text/units.ts'
import type { ApiOptions } from './status.ts'

export interface GetOptions extends ApiOptions {
  readonly manifest?: string
  readonly round?: string
  readonly height?: string
  readonly out?: string
}

/** `watchfire certificate get`: a certificate file from a node, verified before it is shown or kept. */
export async function getCertificateCommand(
  terminal: Terminal,
  options: GetOptions,
  nowMs: number,
): Promise<void> {
  const found = await fetchState(terminal, options, getPath(options))
  const { bytes, view, name, parameters } = found
  if (options.out !== undefined) {
    writeNamedFile(options.out, bytes)
    terminal.err(`${bytes.length} bytes written to ${options.out}`)
  }
  const lines =
    options.json === true
      ? [JSON.stringify({ ...toStateJson(view, name, parameters), file: options.out ?? null })]
      : formatState(terminal, view, name, parameters)
  for (const line of lines) terminal.out(line)
  const isLatest = options.round === undefined && options.height === undefined
  if (isLatest && options.json !== true && isStale(found, nowMs)) tellAge(terminal, found, nowMs)
}

/** `watchfire targets`: the latest agreed verdicts, from a verified certificate. */
export async function targetsCommand(
  terminal: Terminal,
  options: ApiOptions & { readonly manifest?: string },
  nowMs: number,
): Promise<void> {
  const found = await fetchState(terminal, options, '/v1/certificates/latest')
  const { view, name, parameters } = found
  if (options.json === true) {
    const stale = isStale(found, nowMs)
    terminal.out(JSON.stringify({ ...toStateJson(view, name, parameters), stale }))
    return
  }
  for (const line of formatTargets(terminal, view.targets, parameters, view.round))
    terminal.out(line)
  tellAge(terminal, found, nowMs)
}

type Found = Awaited<ReturnType<typeof fetchState>>

/** SPEC 9.5, by this machine's clock. */
function isStale({ parameters, round }: Found, nowMs: number): boolean {
  return nowMs > getValidUntilMs(parameters, round)
}

function tellAge(terminal: Terminal, found: Found, nowMs: number): void {
  const { view, parameters, round } = found
  const stale = isStale(found, nowMs) ? 'STALE: ' : ''
  const age = formatSeconds(Math.max(0, nowMs - getRoundStartMs(parameters, round)) / 1000)
  const signed = `signed by ${view.signers.length} of ${view.committee}`
  for (const line of formatExcluded(view)) terminal.err(paint(terminal, 'red', `EXCLUDED: ${line}`))
  for (const incident of view.incidents)
    terminal.err(paint(terminal, 'red', `INCIDENT: ${formatIncident(incident)}`))
  terminal.err(`${stale}round ${view.round}, ${age} ago, ${signed}`)
}

function getPath({ round, height }: GetOptions): string {
  if (round !== undefined && height !== undefined) {
    throw new CommandFault(exitCodes.usage, '--round and --height exclude each other')
  }
  for (const value of [round, height]) {
    if (value !== undefined && !/^\d{1,16}$/.test(value)) {
      throw new CommandFault(exitCodes.usage, `expected a number, got ${value}`)
    }
  }
  if (round !== undefined) return `/v1/certificates/round/${round}`
  return `/v1/certificates/${height ?? 'latest'}`
}

async function fetchState(
  terminal: Terminal,
  options: ApiOptions & { readonly manifest?: string },
  path: string,
) {
  const api: Api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const genesis = makeGenesisContext(manifest)
  const { bytes, certified } = await fetchCertified(api, genesis, path)
  const { context, header } = certified
  return {
    bytes,
    view: viewState(certified),
    name: toText(manifest.name),
    parameters: context.parameters,
    round: header.round,
  }
}
