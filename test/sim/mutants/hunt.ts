import type { CheckerName, Violation } from '../checkers/checker.ts'
import { runLog } from '../log/log-run.ts'
import { runScenario, runTwice } from '../run.ts'
import { drawScenario } from '../scenario.ts'
import type { Mutant } from './mutant.ts'

/** Seeds tried: not every seed brings about what shows the bug. */
export const SEEDS_MAX = 60
/** Seeds in which another checker may see it first: which does may be a matter of chance. */
const MISNAMED_MAX = 12

/** What became of a mutant. */
export interface Hunted {
  /** The checker that saw it first; undefined: it survived. */
  readonly killedBy: CheckerName | undefined
  readonly detail: string
  readonly seed: number
  readonly seedsTried: number
}

/** Runs seeds with a mutant until a checker sees it. Sources must be mutated already. */
export function hunt(mutant: Mutant): Hunted {
  const first = mutant.firstSeed ?? 1
  let misnamed: Hunted | undefined
  let misnamedCount = 0
  for (let seed = first; seed < first + SEEDS_MAX && misnamedCount < MISNAMED_MAX; seed++) {
    const violation = runSeed(mutant, seed, true)
    const seedsTried = seed - first + 1
    if (violation === undefined) continue
    const { checker: killedBy, detail } = violation
    if (killedBy === mutant.caughtBy) return { killedBy, detail, seed, seedsTried }
    misnamed ??= { killedBy, detail, seed, seedsTried }
    misnamedCount += 1
  }
  if (misnamed !== undefined) return misnamed
  return { killedBy: undefined, detail: '', seed: first + SEEDS_MAX - 1, seedsTried: SEEDS_MAX }
}

/** The same seed without the bug. @returns what is wrong there too, so that the kill proves nothing */
export function findFalseAlarm(mutant: Mutant, seed: number): string | undefined {
  return runSeed(mutant, seed, false)?.detail
}

function runSeed(mutant: Mutant, seed: number, isMutated: boolean): Violation | undefined {
  if (mutant.scenario === 'vote-log') return runLog(seed)[0]
  const scenario = drawScenario(seed, mutant.scenario, { vices: mutant.vices })
  const makeOptions = () => ({
    ...(isMutated && 'makeSeam' in mutant ? { seam: mutant.makeSeam() } : {}),
    ...(mutant.isAlone === true ? { checkers: [mutant.caughtBy] } : {}),
  })
  // Only what makes two traces of one seed needs two runs.
  const isTwice = mutant.caughtBy === 'determinism'
  const run = isTwice ? runTwice(scenario, makeOptions) : runScenario(scenario, makeOptions())
  return run.violations[0]
}
