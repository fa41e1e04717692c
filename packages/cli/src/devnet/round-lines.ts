import { formatExcluded, formatGap, formatIncident } from '../text/state-text.ts'
import { getMainSignal, getVerdictStyle, type StateView, type TargetView } from '../state-view.ts'
import { alignRows } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { formatSeconds } from '../text/units.ts'

type Colors = Pick<Terminal, 'isColored'>

const HEADING_EVERY = 20
const NUMBER_WIDTH = 7
const CELL_WIDTH = 17

/** Turns certified rounds into lines for people: a row a round, and a line for what changed. */
export interface RoundLines {
  /**
   * @param delayMs - from the round's start to the certificate's arrival
   */
  write(view: StateView, delayMs: number): string[]
}

export function makeRoundLines(terminal: Colors): RoundLines {
  let before: StateView | undefined
  let rows = 0
  return {
    write(view, delayMs) {
      const lines: string[] = []
      const gap = before === undefined ? undefined : formatGap(view)
      if (gap !== undefined) lines.push(paint(terminal, 'yellow', `        ${gap}`))
      if (rows % HEADING_EVERY === 0) lines.push(formatHeading(terminal, view))
      rows += 1
      lines.push(formatRow(terminal, view, delayMs))
      for (const line of formatExcluded({ excluded: listNewlyExcluded(before, view) }))
        lines.push(paint(terminal, 'red', `        excluded: ${line}`))
      for (const incident of listNewIncidents(before, view))
        lines.push(paint(terminal, 'red', `        incident: ${formatIncident(incident)}`))
      lines.push(...formatChanges(terminal, before, view))
      before = view
      return lines
    },
  }
}

function formatHeading(terminal: Colors, view: StateView): string {
  const numbers = ['round', 'height', 'signed', 'after'].map((title) =>
    title.padStart(NUMBER_WIDTH),
  )
  const targets = view.targets.map(({ id }) => id.padEnd(CELL_WIDTH))
  return paint(terminal, 'dim', [...numbers, '', ...targets].join(' ').trimEnd())
}

function formatRow(terminal: Colors, view: StateView, delayMs: number): string {
  const numbers = [
    String(view.round),
    String(view.height),
    `${view.signers.length}/${view.committee}`,
    formatSeconds(Math.max(0, delayMs) / 1000),
  ].map((text) => text.padStart(NUMBER_WIDTH))
  const targets = view.targets.map((target) => {
    const cell = `${target.verdict} ${formatMain(target)}`.trimEnd()
    const blanks = ' '.repeat(Math.max(0, CELL_WIDTH - cell.length))
    return paint(terminal, getVerdictStyle(target.verdict), cell) + blanks
  })
  return [...numbers, '', ...targets].join(' ').trimEnd()
}

/** The most telling number, its unit only where it is a time: the column says what it is of. */
function formatMain(target: TargetView): string {
  const signal = getMainSignal(target)
  if (signal === undefined) return ''
  return /^[mu]?s$/.test(signal.unit) ? signal.text : signal.text.replace(` ${signal.unit}`, '')
}

function listNewIncidents(before: StateView | undefined, view: StateView): StateView['incidents'] {
  return view.incidents.filter(
    ({ provider }) => before?.incidents.some((each) => each.provider === provider) !== true,
  )
}

function listNewlyExcluded(before: StateView | undefined, view: StateView): StateView['excluded'] {
  return view.excluded.filter(
    ({ monitor }) => before?.excluded.some((each) => each.monitor === monitor) !== true,
  )
}

/** What is new since the round before, and at the first round what is not up. */
function formatChanges(terminal: Colors, before: StateView | undefined, view: StateView): string[] {
  const rows = view.targets.flatMap((target) => {
    const old = before?.targets.find(({ id }) => id === target.id)
    if (old === undefined ? target.verdict === 'up' : old.verdict === target.verdict) return []
    const color = getVerdictStyle(target.verdict)
    const from = old === undefined ? '' : `was ${old.verdict}`
    const verdict = paint(terminal, color, target.verdict)
    return [['', '   ', target.id, verdict, from, describe(target)]]
  })
  return alignRows(rows)
}

function describe({ reason, reached, failed, abstained, absent, signals }: TargetView): string {
  const counts = Object.entries({ reached, failed, abstained, absent })
    .filter(([, weight]) => weight > 0)
    .map(([what, weight]) => `${weight} ${what}`)
  const numbers = signals.map(({ name, text }) => `${name} ${text}`)
  return [reason, ...counts, ...numbers].filter((part) => part !== '').join(', ')
}
