import { FigureSums } from './figures.ts'
import type { Scenario } from './scenario.ts'
import { runSeed, type SeedRun } from './seed-run.ts'

export interface SeedsPlan {
  readonly first: number
  readonly count: number
  readonly draw: (seed: number) => Scenario
  /** No further seed is begun after this much time by the machine's clock. */
  readonly budgetMs?: number
  /** Failures after which the rest is left. */
  readonly failuresMax?: number
}

export interface SeedsRun {
  readonly sums: FigureSums
  readonly failures: readonly SeedRun[]
  readonly elapsedMs: number
}

/** Runs seeds one after another, each twice, and counts what happened in them. */
export function runSeeds(plan: SeedsPlan): SeedsRun {
  const startedMs = performance.now()
  const sums = new FigureSums()
  const failures: SeedRun[] = []
  for (let seed = plan.first; seed < plan.first + plan.count; seed++) {
    if (plan.budgetMs !== undefined && performance.now() - startedMs > plan.budgetMs) break
    const run = runSeed(plan.draw(seed), true)
    sums.add(run)
    if (run.violations.length === 0) continue
    failures.push(run)
    if (failures.length >= (plan.failuresMax ?? Infinity)) break
  }
  return { sums, failures, elapsedMs: performance.now() - startedMs }
}
