import {
  type Attestation,
  type CertifiedState,
  type EpochContext,
  makeGenesisContext,
  type MonitorView,
  type PlaceView,
  type ProviderIncident,
  type Target,
  type TargetIndex,
  type TargetState,
  toText,
  viewMonitors,
  viewNetworks,
  viewProviders,
  viewRegions,
} from '@watchfire/attestation'
import { readAnswer } from '../answer.ts'
import { type Api, getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { fetchCertified } from '../fetch-certified.ts'
import { getVerdict, getVerdictStyle, type TargetView, viewTarget } from '../state-view.ts'
import { formatIncident, formatObservers } from '../text/state-text.ts'
import { cleanText, formatFacts, renderTable } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { formatSeconds } from '../text/units.ts'
import { checkAttestation } from './attestations.ts'
import type { ApiOptions } from './status.ts'

export interface TargetOptions extends ApiOptions {
  readonly manifest?: string
  readonly target: string
}

/** Pages of attestations that are read: a committee fits on two. */
const pagesMax = 3

/** One target as certified, and who sees what of it. */
interface Shown {
  readonly definition: Target
  readonly state: TargetState
  readonly view: TargetView
  readonly incident: ProviderIncident | undefined
  readonly regions: readonly PlaceView[]
  readonly networks: readonly PlaceView[]
  readonly monitors: readonly MonitorView[]
  readonly isWhole: boolean
}

/**
 * `watchfire targets --target ID`: one target: its verdict and why, from a certificate verified here,
 * and who sees what, from attestations whose signatures are checked here.
 */
export async function showTargetCommand(terminal: Terminal, options: TargetOptions): Promise<void> {
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const genesis = makeGenesisContext(manifest)
  const { certified } = await fetchCertified(api, genesis, '/v1/certificates/latest')
  const index = certified.context.targetIds.findIndex((target) => target === options.target)
  if (index < 0)
    throw new CommandFault(
      exitCodes.usage,
      `the manifest has no target ${cleanText(options.target)}`,
    )
  const attestations = await fetchAttestations(api, certified, options.target)
  const shown = look(certified, index as TargetIndex, attestations)
  if (options.json === true) {
    terminal.out(JSON.stringify(toJson(certified, shown)))
    return
  }
  for (const line of formatShown(terminal, certified, shown)) terminal.out(line)
  if (!shown.isWhole)
    terminal.err('the attestations this node holds do not add up to what is certified')
  terminal.err(`round ${certified.header.round}, signed by ${certified.signers.length}`)
}

function look(
  { context, state }: CertifiedState,
  index: TargetIndex,
  attestations: readonly Attestation[],
): Shown {
  const definition = context.parameters.targets[index]
  const target = state.targets[index]
  if (definition === undefined || target === undefined)
    throw new RangeError(`no target has index ${index}`)
  const { monitors, isWhole } = viewMonitors(context, state, index, attestations)
  const providers = viewProviders(context, state)
  const incident = providers.find((each) => each.id === toText(definition.provider))?.incident
  return {
    definition,
    state: target,
    view: viewTarget(definition, target, state.groups),
    incident,
    regions: viewRegions(definition.policy, target),
    networks: viewNetworks(definition.policy, monitors),
    monitors,
    isWhole,
  }
}

/** What members attested of a target in a state's round, every signature valid. */
async function fetchAttestations(
  api: Api,
  { context, header }: CertifiedState,
  target: string,
): Promise<readonly Attestation[]> {
  const found: Attestation[] = []
  const query = new URLSearchParams({ round: String(header.round), target, limit: '200' })
  for (let page = 0; page < pagesMax; page++) {
    const answer = readAnswer(await api.getJson(`/v1/attestations?${query.toString()}`))
    for (const item of answer.list('attestations')) found.push(readAttestation(context, api, item))
    const next = answer.text('next')
    if (next === undefined) break
    query.set('cursor', next)
  }
  return found
}

function readAttestation(
  context: EpochContext,
  api: Api,
  item: ReturnType<typeof readAnswer>,
): Attestation {
  const bytes = Buffer.from(item.text('bytes') ?? '', 'base64')
  const { message, monitor, isValid } = checkAttestation(context, bytes, undefined, api.url)
  if (isValid) return message
  throw new CommandFault(
    exitCodes.failure,
    `${api.url}: an attestation of ${monitor} whose signature is not valid`,
  )
}

function formatShown(
  terminal: Terminal,
  { context, header }: CertifiedState,
  shown: Shown,
): string[] {
  const { definition, state, view, incident } = shown
  const forS = ((header.round - state.since) * context.parameters.roundMs) / 1000
  const verdict = paint(terminal, getVerdictStyle(view.verdict), view.verdict)
  const facts: [string, string][] = [
    ['target', `${view.id} (${view.kind})`],
    ['verdict', view.verdict === 'none' ? verdict : `${verdict} for ${formatSeconds(forS)}`],
  ]
  if (view.words !== '') facts.push(['reason', view.words])
  if (state.streak !== 0) facts.push(['pending', describePending(definition, state)])
  facts.push(['observers', formatObservers(view)])
  for (const { name, text } of view.signals) facts.push(['signal', `${name} ${text}`])
  if (incident !== undefined) {
    const words = formatIncident({ provider: toText(definition.provider), ...incident })
    facts.push(['incident', paint(terminal, 'red', words)])
  }
  return [
    ...formatFacts(terminal, facts),
    '',
    ...formatPlaces(terminal, shown),
    '',
    ...formatMonitors(terminal, shown.monitors),
  ]
}

function describePending(
  { policy }: Target,
  { streak, streakCount, settled }: TargetState,
): string {
  const needed = streak < settled ? policy.riseRounds : policy.fallRounds
  return `${getVerdict(streak)}, ${streakCount} of ${needed} rounds`
}

function formatPlaces(terminal: Terminal, { regions, networks }: Shown): string[] {
  const columns = [
    { title: 'place' },
    { title: 'sees' },
    { title: 'reached', isRight: true },
    { title: 'failed', isRight: true },
    { title: 'abstained', isRight: true },
  ]
  const row = (what: string) => (view: PlaceView) => [
    view.place === '' ? `no ${what}` : `${what} ${view.place}`,
    paint(terminal, getVerdictStyle(view.sees), view.sees),
    ...[view.reached, view.failed, view.abstained].map(String),
  ]
  return renderTable(terminal, columns, [
    ...regions.map(row('region')),
    ...networks.map(row('network')),
  ])
}

function formatMonitors(terminal: Terminal, monitors: readonly MonitorView[]): string[] {
  const columns = ['monitor', 'region', 'network', 'operator', 'attests'].map((title) => ({
    title,
  }))
  const style = { reached: 'green', failed: 'red', abstained: 'gray', absent: 'gray' } as const
  const rows = monitors.map(({ monitor, region, network, operator, status, code }) => [
    monitor,
    region,
    network,
    operator,
    paint(terminal, style[status], code === undefined ? status : `${status}: ${code}`),
  ])
  return renderTable(terminal, columns, rows)
}

function toJson({ header }: CertifiedState, shown: Shown): object {
  const { definition, state, view, incident, regions, networks, monitors, isWhole } = shown
  return {
    round: header.round,
    height: header.height,
    ...view,
    group: toText(definition.group),
    provider: toText(definition.provider),
    pending: state.streak === 0 ? null : describePending(definition, state),
    incident: incident ?? null,
    vantage: { regions, networks, monitors, isWhole },
  }
}
