import type { Violation } from './checkers/checker.ts'
import { getLatencyMs, SETTLE_ROUNDS } from './checkers/liveness.ts'
import { type RunOptions, type RunResult, runScenario, runTwice } from './run.ts'
import { getFaultyWeight, type Scenario, scenarioNames } from './scenario.ts'
import { ORIGIN_MS } from './world/founding.ts'

/** What a seed came to: plain data, so that it may cross threads. */
export interface SeedRun {
  readonly scenario: Scenario
  /** Final rounds of the run that checkers watched. */
  readonly rounds: number
  /** Whether it ran again, to leave the same trace. */
  readonly isTwice: boolean
  readonly faults: Readonly<Record<string, number>>
  readonly violations: readonly Violation[]
  /** The end of the trace, where something was violated. */
  readonly tail: readonly string[]
  readonly liveness: SeedLiveness
  readonly faultyWeight: FaultyWeight | undefined
  /** Processor time of this thread for all its runs, in ms. */
  readonly cpuMs: number
}

/** Rounds of one run: those whose certificate had to be there by its end, and those that have one. */
export interface SeedLiveness {
  /** After the network turned good, and agreement had its time to go on. */
  readonly due: number
  readonly certified: number
  /** Before. */
  readonly dueInBad: number
  readonly certifiedInBad: number
  /** From the last attestation at the leader to the certificate at each honest node, in good weather. */
  readonly delaysMs: readonly number[]
}

/** Of members with a vice, and of all. */
export interface FaultyWeight {
  readonly faulty: number
  readonly faultyMax: number
  readonly whole: number
}

/**
 * Whether a seed is one of those that run twice. What makes two runs of a seed differ would make them
 * differ in most, so a search need not pay for it everywhere: one turn of all scenarios in `every`.
 *
 * @param every 1: all seeds
 */
export function isRunTwice(seed: number, every: number): boolean {
  return Math.floor(seed / scenarioNames.length) % every === 0
}

/**
 * Runs a seed once, watched by all checkers, or twice, as {@link runTwice} has it.
 *
 * @param makeOptions called for each run
 */
export function runSeed(
  scenario: Scenario,
  isTwice: boolean,
  makeOptions: () => RunOptions = () => ({}),
): SeedRun {
  const before = process.threadCpuUsage()
  const result = isTwice ? runTwice(scenario, makeOptions) : runScenario(scenario, makeOptions())
  const used = process.threadCpuUsage(before)
  const { lost, duplicated, cut, damaged } = result.network
  return {
    scenario,
    rounds: result.rounds,
    isTwice,
    faults: {
      ...result.faults,
      'lost-message': lost,
      'duplicated-message': duplicated,
      'cut-message': cut,
      'damaged-message': damaged,
    },
    violations: result.violations,
    tail: result.violations.length > 0 ? result.tail : [],
    liveness: getLiveness(scenario, result),
    faultyWeight: getShare(scenario),
    cpuMs: (used.user + used.system) / 1000,
  }
}

function getLiveness(scenario: Scenario, result: RunResult): SeedLiveness {
  const { parameters, nodes } = result
  const toRound = (atMs: number) => Math.floor((atMs - ORIGIN_MS) / parameters.roundMs)
  const goodRound = toRound(scenario.goodFromMs) + SETTLE_ROUNDS
  const dueRound = toRound(scenario.endMs - getLatencyMs(scenario, parameters, nodes))
  const honest = nodes.filter(({ isHonest }) => isHonest)
  const covered = new Set(honest.flatMap(({ finalizedAtMs }) => [...finalizedAtMs.keys()]))
  const countCovered = (from: number, to: number) =>
    [...covered].filter((round) => round >= from && round <= to).length
  return {
    due: Math.max(0, dueRound - goodRound + 1),
    certified: countCovered(goodRound, dueRound),
    dueInBad: Math.max(0, goodRound - 1),
    certifiedInBad: countCovered(1, goodRound - 1),
    delaysMs: result.certified.flatMap(({ round, atMs, heldAtMs }) =>
      round >= goodRound ? [atMs - heldAtMs] : [],
    ),
  }
}

function getShare({ vices, founding: { weights } }: Scenario): FaultyWeight | undefined {
  if (vices.size === 0) return undefined
  const weigh = (members: Iterable<number>) =>
    [...members].reduce((total, member) => total + (weights[member] ?? 0), 0)
  return {
    faulty: weigh(vices.keys()),
    faultyMax: getFaultyWeight(weights),
    whole: weigh(weights.keys()),
  }
}
