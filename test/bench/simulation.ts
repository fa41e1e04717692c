import { spawnSync } from 'node:child_process'
import { type Benchmark, type Measurement, makeMeasurement, type Say } from './measurement.ts'

/** Rounds a second that the simulator is to do, so that a night's search means something. */
const AIMS: Readonly<Record<SimulatedSize, number>> = { 4: 500, 31: 10 }
type SimulatedSize = 4 | 31

/**
 * Each scenario in turn, so a multiple of sixteen; so many that V8 has compiled what it will: a search of a
 * night does most of its rounds after that, and the first minute is a third slower.
 */
const SEEDS: Readonly<Record<SimulatedSize, number>> = { 4: 1920, 31: 64 }

/** How fast the simulator searches, by its own closing line. */
export const simulationBenchmark: Benchmark = {
  names: ['simulation-4', 'simulation-31'],
  run: (say) => [measureSimulation(4, say), measureSimulation(31, say)],
}

/** What is read of the closing line. */
interface Closing {
  readonly rounds: number
  readonly roundsPerSecond: number
  readonly roundsPerCpuSecond: number
  readonly jobs: number
}

/**
 * Final rounds by the wall that checkers watched.
 *
 * @param seeds of every scenario in turn, from the first on
 */
export function measureSimulation(
  members: SimulatedSize,
  say: Say,
  seeds: number = SEEDS[members],
): Measurement {
  const args = ['--members', String(members), '--seeds', String(seeds)]
  say(`npm run sim -- ${args.join(' ')}`)
  const { roundsPerSecond, roundsPerCpuSecond, jobs, rounds } = runSimulator(args)
  say(
    `${rounds} rounds, ${roundsPerSecond} a second, ${roundsPerCpuSecond} for each second of processor time of its threads`,
  )
  const aim = AIMS[members]
  const ratio = roundsPerSecond / aim
  return makeMeasurement({
    name: `simulation-${members}`,
    unit: `simulated rounds per second, in ${jobs} threads`,
    against: 'what is demanded',
    againstValue: aim,
    value: roundsPerSecond,
    ratio,
    ratioMin: ratio,
    ratioMax: ratio,
    samples: seeds,
    aim: { atLeast: 1 },
  })
}

function runSimulator(args: readonly string[]): Closing {
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['run', '--silent', 'sim', '--', ...args],
    { encoding: 'utf8', cwd: new URL('../..', import.meta.url) },
  )
  if (status !== 0) throw new Error(`the simulator ended with ${status}: ${error ?? stderr}`)
  return JSON.parse(stdout) as Closing
}
