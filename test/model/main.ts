import { parseArgs } from 'node:util'
import { check, findTools, type Result, type Tools } from './spin.ts'
import { type Variant, variants } from './variants.ts'

/** Exit code where the checker is not installed: nothing was checked. */
const NOT_INSTALLED = 3

const usage = 'usage: npm run model -- [--quick] [--variant NAME] [--traces]'

interface Row extends Pick<Result, 'states' | 'seconds'> {
  readonly variant: string
  readonly property: string
  readonly expected: string
  readonly got: string
}

function getProperty({ settings, expected }: Variant): string {
  if (expected === 'agreement refuted') return 'agreement'
  return settings['PROGRESS'] === 1 ? 'agreement, progress' : 'agreement'
}

function main(tools: Tools, chosen: readonly Variant[], showsTraces: boolean): void {
  console.log(describe('variant', 'property', 'expected', 'got', 'states', 'seconds'))
  const rows = chosen.map((variant): Row => {
    const result = check(tools, variant)
    const row: Row = {
      variant: variant.name,
      property: getProperty(variant),
      expected: variant.expected,
      got: result.outcome,
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
      ),
    )
    if (row.got !== row.expected) console.error(result.output)
    const isUnexpected = row.got !== row.expected && result.trace.length > 0
    if (showsTraces || isUnexpected) for (const line of result.trace) console.log(`    ${line}`)
    return row
  })
  const failed = rows.filter(({ expected, got }) => expected !== got).map(({ variant }) => variant)
  const states = rows.reduce((sum, row) => sum + row.states, 0)
  console.log(JSON.stringify({ variants: rows.length, states, failed, rows }))
  if (failed.length > 0) process.exitCode = 1
}

function describe(
  variant: string,
  property: string,
  expected: string,
  got: string,
  states: string,
  seconds: string,
): string {
  return [
    variant.padEnd(27),
    property.padEnd(20),
    expected.padEnd(18),
    got.padEnd(18),
    states.padStart(10),
    seconds.padStart(8),
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
  main(tools, chosen, values.traces)
}
