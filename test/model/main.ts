import { parseArgs } from 'node:util'
import { replay, type Replayed } from './replay.ts'
import { check, findTools, type Result, simulate, type Tools } from './spin.ts'
import { parseTrace } from './trace.ts'
import { type Variant, variants } from './variants.ts'

/** Exit code where the checker is not installed: nothing was checked. */
const NOT_INSTALLED = 3

const usage = 'usage: npm run model -- [--quick] [--variant NAME] [--traces]'

interface Row extends Pick<Result, 'states' | 'seconds'> {
  readonly variant: string
  readonly property: string
  readonly expected: string
  readonly got: string
  /** What the real core does with the counterexample's votes. */
  readonly core: string
}

/** K of the variants whose traces are played, and of the simulation. */
const SIBLINGS = 2
const SIMULATIONS = 100
const SIMULATIONS_QUICK = 20

/** What plays a counterexample of the variant: the core knows one epoch here. */
function playCounterexample({ settings }: Variant, { trace }: Result): string {
  if (trace.length === 0) return '-'
  if ((settings['LAST'] ?? 0) > 0) return 'not played'
  const { refused, wrong } = replay(parseTrace(trace), SIBLINGS)
  if (wrong !== undefined) return `WRONG: ${wrong}`
  return refused === undefined ? 'casts all' : `refuses ${refused.kind}`
}

/** Whether the core did what it should: a disagreement's votes are never all cast. */
function isRight({ expected, got, core }: Row): boolean {
  if (expected !== got || core.startsWith('WRONG')) return false
  return got !== 'agreement refuted' || core !== 'casts all'
}

interface Played {
  readonly traces: number
  readonly votes: number
  readonly besides: number
  readonly diverged: readonly (Replayed & { readonly seed: number })[]
}

/** Random runs of the rules, played against the core: it must cast every vote. */
function playSimulations(tools: Tools, count: number): Played {
  const runs = Array.from({ length: count }, (_, seed) => ({
    ...replay(parseTrace(simulate(tools, seed + 1, 3)), SIBLINGS),
    seed: seed + 1,
  }))
  return {
    traces: count,
    votes: runs.reduce((sum, { cast }) => sum + cast, 0),
    besides: runs.reduce((sum, { besides }) => sum + besides, 0),
    diverged: runs.filter(({ refused, wrong }) => refused !== undefined || wrong !== undefined),
  }
}

function getProperty({ settings, expected }: Variant): string {
  if (expected === 'agreement refuted') return 'agreement'
  return settings['PROGRESS'] === 1 ? 'agreement, progress' : 'agreement'
}

interface Options {
  readonly showsTraces: boolean
  readonly simulations: number
}

function main(tools: Tools, chosen: readonly Variant[], options: Options): void {
  const { showsTraces, simulations } = options
  console.log(describe('variant', 'property', 'expected', 'got', 'states', 'seconds', 'core'))
  const rows = chosen.map((variant): Row => {
    const result = check(tools, variant)
    const row: Row = {
      variant: variant.name,
      property: getProperty(variant),
      expected: variant.expected,
      got: result.outcome,
      core: playCounterexample(variant, result),
      states: result.states,
      seconds: result.seconds,
    }
    console.log(
      describe(
        row.variant,
        row.property,
        row.expected,
        row.got,
        `${row.states}`,
        row.seconds.toFixed(1),
        row.core,
      ),
    )
    if (row.got !== row.expected) console.error(result.output)
    const isUnexpected = row.got !== row.expected && result.trace.length > 0
    if (showsTraces || isUnexpected) for (const line of result.trace) console.log(`    ${line}`)
    return row
  })
  const failed = rows.filter((row) => !isRight(row)).map(({ variant }) => variant)
  const states = rows.reduce((sum, row) => sum + row.states, 0)
  const played = playSimulations(tools, simulations)
  console.log(
    `${played.traces} random traces played against the core: ${played.votes} votes cast as traced, ` +
      `${played.besides} finalize votes besides, ${played.diverged.length} diverged`,
  )
  console.log(JSON.stringify({ variants: rows.length, states, failed, played, rows }))
  if (failed.length > 0 || played.diverged.length > 0) process.exitCode = 1
}

function describe(
  variant: string,
  property: string,
  expected: string,
  got: string,
  states: string,
  seconds: string,
  core: string,
): string {
  return [
    variant.padEnd(27),
    property.padEnd(20),
    expected.padEnd(18),
    got.padEnd(18),
    states.padStart(10),
    seconds.padStart(8),
    core,
  ].join(' ')
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    traces: { type: 'boolean', default: false },
    variant: { type: 'string' },
  },
})
const chosen = variants.filter(
  ({ name, isQuick }) =>
    (values.variant === undefined || values.variant === name) && (isQuick || !values.quick),
)
const tools = findTools()
if (chosen.length === 0) {
  console.error(usage)
  process.exitCode = 2
} else if ('missing' in tools) {
  console.error(
    `model: NOT CHECKED, ${tools.missing} is not installed (Debian: apt-get install spin)`,
  )
  console.log(JSON.stringify({ variants: 0, missing: tools.missing }))
  process.exitCode = NOT_INSTALLED
} else {
  main(tools, chosen, {
    showsTraces: values.traces,
    simulations: values.quick ? SIMULATIONS_QUICK : SIMULATIONS,
  })
}
