import { runScenario } from '../sim/run.ts'
import type { Scenario } from '../sim/scenario.ts'
import { ORIGIN_MS } from '../sim/world/founding.ts'
import type { Certified } from '../sim/world/stopwatch.ts'
import { type Benchmark, type Measurement, makeMeasurement } from './measurement.ts'

/** One network delay: every message between two nodes takes it, in virtual time. */
const DELAY_MS = 20
const ROUNDS = 60
const WEIGHTS = [1, 1, 1, 1]
/** Of the simulator's networks (test/sim/world/founding.ts). */
const ROUND_MS = 1000
const PROPOSE_AT_MS = 500
const VIEW_TIMEOUT_MS = 250
/** Rounds in which nodes find each other. */
const SETTLE_ROUNDS = 3

const faultless = 'attestation-to-certificate'
const deadLeader = 'dead-leader-to-certificate'

/** When a round is certified, in the simulator: the real core, constant delays, nothing lost. */
export const agreementBenchmark: Benchmark = {
  names: [faultless, deadLeader],
  run: (say) => {
    say(`agreement over ${2 * ROUNDS} simulated rounds`)
    return [measureFaultless(ROUNDS), measureDeadLeader(ROUNDS)]
  },
}

/**
 * From the moment the leader holds the last attestation of a round to the moment a node holds the
 * certificate: the proposal, the notarize votes and the finalize votes travel.
 */
export function measureFaultless(rounds: number): Measurement {
  const delays = run(makeScenario(rounds, new Set())).map(
    ({ atMs, heldAtMs }) => (atMs - heldAtMs) / DELAY_MS,
  )
  return report({
    name: faultless,
    unit: 'network delays, worst round and node',
    against: 'three: proposal, notarize votes, finalize votes',
    againstValue: 3,
    values: delays,
  })
}

/**
 * One of four members is dead, so every fourth view has a dead leader. As an attestation is always
 * missing, a block is due at `proposeAtMs`, from where the time is counted, in rounds whose first
 * view had the dead leader.
 */
export function measureDeadLeader(rounds: number): Measurement {
  const dead = 2
  const certified = run(makeScenario(rounds, new Set([dead])))
  const successor = (dead + 1) % WEIGHTS.length
  const times = certified
    .filter(({ leader }) => leader === successor)
    .map(({ round, atMs }) => atMs - (ORIGIN_MS + round * ROUND_MS + PROPOSE_AT_MS))
  return report({
    name: deadLeader,
    unit: 'ms of virtual time, worst round and node',
    against: `one time-out of ${VIEW_TIMEOUT_MS} ms, and four delays of ${DELAY_MS} ms: nullify votes, proposal, notarize votes, finalize votes`,
    againstValue: VIEW_TIMEOUT_MS + 4 * DELAY_MS,
    values: times,
  })
}

interface Reported {
  readonly name: string
  readonly unit: string
  readonly against: string
  readonly againstValue: number
  readonly values: readonly number[]
}

/** The worst is the value: the limit holds for every round. */
function report({ values, ...reported }: Reported): Measurement {
  const value = Math.max(...values)
  return makeMeasurement({
    ...reported,
    value,
    ratio: value / reported.againstValue,
    ratioMin: Math.min(...values) / reported.againstValue,
    ratioMax: value / reported.againstValue,
    samples: values.length,
    aim: { atMost: 1 },
  })
}

function makeScenario(rounds: number, dead: ReadonlySet<number>): Scenario {
  const endMs = ORIGIN_MS + (SETTLE_ROUNDS + rounds) * ROUND_MS
  return {
    name: dead.size === 0 ? 'calm' : 'dead-leader',
    seed: 1,
    asked: {},
    scheme: 'cheap',
    founding: { seed: 1, weights: WEIGHTS, targets: 4, shards: 1 },
    observers: 0,
    driftsPpm: [],
    clockOffsetsMs: WEIGHTS.map(() => 0),
    weather: {
      lossPerMille: 0,
      duplicatePerMille: 0,
      delayMsMin: DELAY_MS,
      delayMsMax: DELAY_MS,
      slowPerMille: 0,
      slowMsMax: 0,
    },
    faults: [],
    vices: new Map(),
    twins: [],
    dead,
    // The simulator's own good weather, whose delays vary, does not come before the end.
    goodFromMs: endMs,
    endMs,
  }
}

/** Runs a scenario with the real core: every round that is certified, at every node. */
function run(scenario: Scenario): readonly Certified[] {
  const { violations, certified, nodes } = runScenario(scenario)
  if (violations.length > 0) throw new Error(JSON.stringify(violations))
  const settled = certified.filter(({ round }) => round >= SETTLE_ROUNDS)
  const known = nodes.flatMap(({ finalizedAtMs }) =>
    [...finalizedAtMs.keys()].filter((round) => round >= SETTLE_ROUNDS),
  )
  // A certificate whose beginning is not known would be left out of the worst case.
  if (settled.length < known.length) throw new Error('a round was certified unseen')
  return settled
}
