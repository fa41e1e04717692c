import {
  getRoundStartMs,
  getValidUntilMs,
  type Parameters,
  type Round,
} from '@watchfire/attestation'
import {
  getVerdictStyle,
  type IncidentView,
  type StateView,
  type TargetView,
} from '../state-view.ts'
import { formatFacts, renderTable } from './table.ts'
import { paint, type Terminal } from './terminal.ts'
import { formatMoment, formatSeconds } from './units.ts'

type Colors = Pick<Terminal, 'isColored'>

/** A certified state as `--json` gives it: the view, with times. */
export function toStateJson(view: StateView, name: string, parameters: Parameters): object {
  const round = view.round as Round
  return {
    ...view,
    networkName: name,
    roundStart: formatMoment(getRoundStartMs(parameters, round)),
    validUntil: formatMoment(getValidUntilMs(parameters, round)),
  }
}

/** A certified state for people: what it is, who signed it, and a row a target. */
export function formatState(
  terminal: Colors,
  view: StateView,
  name: string,
  parameters: Parameters,
): string[] {
  const startMs = getRoundStartMs(parameters, view.round as Round)
  const facts: [label: string, text: string][] = [
    ['network', `${name} (${view.network})`],
    ['round', `${view.round}, from ${formatMoment(startMs)}`],
    ['fresh until', formatMoment(getValidUntilMs(parameters, view.round as Round))],
    ['height', `${view.height}${view.epoch === 0 ? '' : `, epoch ${view.epoch}`}`],
    ['signers', `${view.signers.join(' ')} (${view.signers.length} of ${view.committee})`],
    ['weight', `${view.weight} of ${view.weightTotal}, ${view.quorum} needed`],
  ]
  const gap = formatGap(view)
  if (gap !== undefined) facts.push(['gap', gap])
  for (const line of formatExcluded(view)) facts.push(['excluded', line])
  for (const incident of view.incidents) facts.push(['incident', formatIncident(incident)])
  return [
    ...formatFacts(terminal, facts),
    '',
    ...formatTargets(terminal, view.targets, parameters, view.round),
  ]
}

/** Rounds before this one that nobody certified; undefined where there are none. */
export function formatGap({
  parentRound,
  round,
}: Pick<StateView, 'parentRound' | 'round'>): string | undefined {
  const first = parentRound + 1
  const last = round - 1
  if (last < first) return undefined
  return first === last
    ? `round ${first} was not agreed on`
    : `rounds ${first} to ${last} were not agreed on`
}

/** A line a member whose observations do not count any more. */
export function formatExcluded({ excluded }: Pick<StateView, 'excluded'>): string[] {
  return excluded.map(
    ({ monitor, since }) =>
      `${monitor} since round ${since}: it signed two things for one place, and nothing it observes counts`,
  )
}

/** A provider's incident in one line. */
export function formatIncident({ provider, down, judged, since }: IncidentView): string {
  const what = `${down.length} of ${judged} targets of ${provider} are down`
  return `${what} since round ${since}: ${down.join(', ')}`
}

/** A row a target: verdict, why, since when, who saw it, and its numbers. */
export function formatTargets(
  terminal: Colors,
  targets: readonly TargetView[],
  parameters: Pick<Parameters, 'roundMs'>,
  round: number,
): string[] {
  return renderTable(
    terminal,
    [
      { title: 'target' },
      { title: 'kind' },
      { title: 'verdict' },
      { title: 'for', isRight: true },
      { title: 'observers' },
      { title: 'signals' },
      { title: 'reason' },
    ],
    targets.map((target) => [
      target.id,
      target.kind,
      paint(terminal, getVerdictStyle(target.verdict), target.verdict),
      target.verdict === 'none'
        ? ''
        : formatSeconds(((round - target.since) * parameters.roundMs) / 1000),
      formatObservers(target),
      target.signals.map(({ name, text }) => `${name} ${text}`).join(', '),
      target.words,
    ]),
  )
}

/** `4 reached`, `1 reached 3 failed`: only what there is. */
export function formatObservers(target: TargetView): string {
  const { reached, failed, abstained, absent } = target
  const parts = Object.entries({ reached, failed, abstained, absent })
  return parts
    .filter(([, weight]) => weight > 0)
    .map(([what, weight]) => `${weight} ${what}`)
    .join(' ')
}
