import { runScenario } from '../sim/run.ts'
import { drawScenario, type Scenario, scenarioNames } from '../sim/scenario.ts'
import { ORIGIN_MS } from '../sim/world/founding.ts'
import { goodWeather } from '../sim/world/network.ts'
import { type Benchmark, getMedian, type Measurement, makeMeasurement } from './measurement.ts'

/** Rounds a second that the simulator is to do, so that a night's search means something. */
const AIMS: Readonly<Record<SimulatedSize, number>> = { 4: 500, 31: 10 }
type SimulatedSize = 4 | 31

const ROUND_MS = 1000
/** Of the committee of 31. */
const ROUNDS = 10

/** How fast the simulator searches, all of its checkers looking on. */
export const simulationBenchmark: Benchmark = {
  names: ['simulation-4', 'simulation-31'],
  run: (say) => {
    say('rounds that the simulator does, with committees of 4 and of 31')
    return [measureSimulation(4), measureSimulation(31)]
  },
}

export interface SimulationOptions {
  readonly repetitions?: number
  readonly warmUps?: number
}

/** Final rounds for each second of processor time: with 4 members of all scenarios, with 31 of a calm one. */
export function measureSimulation(
  members: SimulatedSize,
  { repetitions = 5, warmUps = 2 }: SimulationOptions = {},
): Measurement {
  const scenarios = members === 4 ? drawSmall() : [makeLarge(members)]
  const rates = Array.from({ length: warmUps + repetitions }, () => timeRun(scenarios))
  const counted = rates.slice(warmUps)
  const aim = AIMS[members]
  return makeMeasurement({
    name: `simulation-${members}`,
    unit: 'simulated rounds per second of one core',
    against: 'what is demanded',
    againstValue: aim,
    value: getMedian(counted),
    ratio: getMedian(counted) / aim,
    ratioMin: Math.min(...counted) / aim,
    ratioMax: Math.max(...counted) / aim,
    samples: counted.length,
    aim: { atLeast: 1 },
  })
}

function timeRun(scenarios: readonly Scenario[]): number {
  const before = process.cpuUsage()
  let rounds = 0
  for (const scenario of scenarios) {
    const { violations, rounds: done } = runScenario(scenario)
    if (violations.length > 0) throw new Error(JSON.stringify(violations))
    rounds += done
  }
  const { user, system } = process.cpuUsage(before)
  return (rounds * 1e6) / (user + system)
}

/** The first seed of each scenario in which four members agree, with the signatures that most seeds have. */
function drawSmall(): readonly Scenario[] {
  return scenarioNames.flatMap((name) => {
    for (let seed = 1; seed < 200; seed++) {
      const scenario = drawScenario(seed, name)
      const { weights, handover } = scenario.founding
      const isSmall = weights.length === 4 && (handover?.weights.length ?? 4) === 4
      if (isSmall && scenario.scheme === 'cheap') return [scenario]
    }
    return []
  })
}

function makeLarge(members: number): Scenario {
  const weights = Array.from({ length: members }, () => 1)
  const endMs = ORIGIN_MS + ROUNDS * ROUND_MS
  return {
    name: 'calm',
    seed: 1,
    scheme: 'cheap',
    founding: { seed: 1, weights, targets: 4, shards: 1 },
    observers: 0,
    driftsPpm: [],
    clockOffsetsMs: weights.map(() => 0),
    weather: goodWeather,
    faults: [],
    vices: new Map(),
    twins: [],
    dead: new Set(),
    goodFromMs: endMs,
    endMs,
  }
}
