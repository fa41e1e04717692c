import type { Violation } from './checkers/checker.ts'
import type { Cut } from './cuts.ts'
import type { Fault } from './faults.ts'
import type { Scenario } from './scenario.ts'
import type { SeedRun } from './seed-run.ts'
import { shrink } from './shrink.ts'
import { ORIGIN_MS } from './world/founding.ts'
import { goodWeather } from './world/network.ts'

/** Violations that are told of one seed: one broken property shows itself many times. */
const VIOLATIONS_SHOWN = 5

/** What went wrong with as little around it as can be, how to see it again, and what happened before. */
export function describeFailure({ scenario, violations, tail }: SeedRun, tailLines = 60): string {
  const [first] = violations
  const shrunk = first === undefined ? undefined : shrink(scenario, first.checker)
  if (shrunk === undefined) {
    return describe({ scenario, cuts: [], violations, tail, tailLines, note: 'not seen again' })
  }
  const note = `shrunk in ${shrunk.tries} runs`
  const { cuts, result } = shrunk
  const seen = { violations: result.violations, tail: result.tail }
  return describe({ scenario: shrunk.scenario, cuts, ...seen, tailLines, note })
}

interface Told {
  readonly scenario: Scenario
  readonly cuts: readonly Cut[]
  readonly violations: readonly Violation[]
  readonly tail: readonly string[]
  readonly tailLines: number
  readonly note: string
}

function describe({ scenario, cuts, violations, tail, tailLines, note }: Told): string {
  const { seed, name } = scenario
  return [
    ...tail.slice(-tailLines),
    `seed ${seed}, scenario ${name} (${note}):`,
    ...violations
      .slice(0, VIOLATIONS_SHOWN)
      .map(({ checker, detail }) => `  ${checker}: ${detail}`),
    'what is left of the scenario:',
    ...describeScenario(scenario).map((line) => `  ${line}`),
    `replay: npm run sim -- --from ${seed} --seeds 1 --scenario ${name}${tellOptions(scenario, cuts)}${tellRuns(violations)}`,
  ].join('\n')
}

/** What the seed and the scenario's name do not say. */
function tellOptions({ asked: { vices, members } }: Scenario, cuts: readonly Cut[]): string {
  return [
    ...(vices === undefined ? [] : [` --vice ${vices.join(',')}`]),
    ...(members === undefined ? [] : [` --members ${members}`]),
    ...(cuts.length === 0 ? [] : [` --without ${cuts.join(',')}`]),
  ].join('')
}

/** Two traces that differ are seen where a seed runs twice, which it does in one turn of sixteen. */
function tellRuns(violations: readonly Violation[]): string {
  return violations.some(({ checker }) => checker === 'determinism') ? ' --twice-every 1' : ''
}

function describeScenario(scenario: Scenario): string[] {
  const { founding, observers, vices, dead, weather, clockOffsetsMs, faults } = scenario
  const { weights, handover } = founding
  return [
    `weights ${weights.join()}${handover === undefined ? '' : `, then ${handover.weights.join()} after height ${handover.lastHeight}`}`,
    ...(observers > 0 ? [`${observers} observers`] : []),
    ...[...vices].map(([member, names]) => `member ${member} is ${names.join(' and ')}`),
    ...[...dead].map((member) => `member ${member} is dead`),
    ...(weather === goodWeather ? [] : [`weather ${JSON.stringify(weather)}`]),
    ...(clockOffsetsMs.every((offsetMs) => offsetMs === 0)
      ? []
      : [`clocks off by ${clockOffsetsMs.join()} ms`]),
    ...(scenario.driftsPpm.every((ppm) => ppm === 0)
      ? []
      : [`clocks drift by ${scenario.driftsPpm.join()} ppm`]),
    ...faults.map(describeFault),
  ]
}

function describeFault(fault: Fault): string {
  const when = `at ${fault.atMs - ORIGIN_MS} ms:`
  if (fault.kind === 'partition') return `${when} partition, sides ${fault.sides.join()}`
  if (fault.kind === 'one-way') {
    return `${when} node ${fault.to} does not hear node ${fault.from} for ${fault.forMs} ms`
  }
  if (fault.kind === 'slow') {
    return `${when} node ${fault.node} takes ${fault.costMs} ms a message for ${fault.forMs} ms`
  }
  if (fault.kind === 'join') return `${when} node ${fault.node} starts for the first time`
  if (fault.kind === 'heal') return `${when} heal`
  if (fault.kind === 'clock') return `${when} node ${fault.node}, clock off by ${fault.offsetMs} ms`
  if (fault.kind === 'disk') {
    return `${when} node ${fault.node}, disk (${fault.how}) for ${fault.forMs} ms`
  }
  const { kind, node, how, afterOps, downMs } = fault
  return `${when} node ${node}, ${kind} (${how}) after ${afterOps} operations, for ${downMs} ms`
}
