import type { CheckerName } from './checkers/checker.ts'
import { applyCuts, type Cut, listCuts } from './cuts.ts'
import { type RunOptions, type RunResult, runScenario, runTwice } from './run.ts'
import type { Scenario } from './scenario.ts'

/** Runs at most: each takes as long as the seed did. */
const TRIES_MAX = 80

/** A scenario from which nothing more can be taken without losing what went wrong. */
export interface Shrunk {
  readonly cuts: readonly Cut[]
  readonly scenario: Scenario
  /** The run of that scenario. */
  readonly result: RunResult
  readonly tries: number
}

/**
 * Takes out of a scenario what the violation does not need: one thing at a time, and from the start
 * again until nothing can be taken any more. The same scenario gives the same result.
 *
 * @param checker who must still complain
 * @returns undefined where the scenario, run again, shows nothing: what went wrong then was chance
 */
export function shrink(
  scenario: Scenario,
  checker: CheckerName,
  makeOptions: () => RunOptions = () => ({}),
): Shrunk | undefined {
  let tries = 0
  const run = (cuts: readonly Cut[]): RunResult | undefined => {
    tries += 1
    const shorter = applyCuts(scenario, cuts)
    const result =
      checker === 'determinism'
        ? runTwice(shorter, makeOptions)
        : runScenario(shorter, makeOptions())
    return result.violations.some((violation) => violation.checker === checker) ? result : undefined
  }
  let cuts: readonly Cut[] = []
  let result = run(cuts)
  if (result === undefined) return undefined
  for (let hasShrunk = true; hasShrunk; ) {
    hasShrunk = false
    for (const cut of listCuts(scenario)) {
      if (cuts.includes(cut) || tries >= TRIES_MAX) continue
      const shorter = run([...cuts, cut])
      if (shorter === undefined) continue
      cuts = [...cuts, cut]
      result = shorter
      hasShrunk = true
    }
  }
  return { cuts, scenario: applyCuts(scenario, cuts), result, tries }
}
