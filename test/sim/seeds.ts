import type { Violation } from './checkers/checker.ts'
import { runTwice } from './run.ts'
import type { Scenario, ScenarioName } from './scenario.ts'

export interface Failure {
  readonly scenario: Scenario
  readonly violations: readonly Violation[]
  readonly tail: readonly string[]
}

export interface Summary {
  /** Seeds run, each twice. */
  readonly seeds: number
  /** Final rounds of all runs. */
  readonly rounds: number
  readonly faults: Readonly<Record<string, number>>
  readonly scenarios: Readonly<Partial<Record<ScenarioName, number>>>
  readonly failures: readonly Failure[]
  readonly elapsedMs: number
}

export interface SeedsPlan {
  readonly first: number
  readonly count: number
  readonly draw: (seed: number) => Scenario
  /** No further seed is begun after this much time by the machine's clock. */
  readonly budgetMs?: number
  /** Failures after which the rest is left. */
  readonly failuresMax?: number
  readonly onFailure?: (failure: Failure) => void
  readonly onProgress?: (summary: Summary) => void
}

/** Runs seeds one after another, each twice, and counts what happened in them. */
export function runSeeds(plan: SeedsPlan): Summary {
  const startedMs = performance.now()
  const faults: Record<string, number> = {}
  const scenarios: Partial<Record<ScenarioName, number>> = {}
  const failures: Failure[] = []
  let rounds = 0
  let seeds = 0
  const add = (name: string, by: number) => {
    faults[name] = (faults[name] ?? 0) + by
  }
  const summarize = (): Summary => {
    return { seeds, rounds, faults, scenarios, failures, elapsedMs: performance.now() - startedMs }
  }
  for (let seed = plan.first; seed < plan.first + plan.count; seed++) {
    if (plan.budgetMs !== undefined && performance.now() - startedMs > plan.budgetMs) break
    const scenario = plan.draw(seed)
    const result = runTwice(scenario)
    seeds += 1
    rounds += 2 * result.rounds
    scenarios[scenario.name] = (scenarios[scenario.name] ?? 0) + 1
    for (const [name, count] of Object.entries(result.faults)) add(name, count)
    const { lost, duplicated, cut } = result.network
    add('lost-message', lost)
    add('duplicated-message', duplicated)
    add('cut-message', cut)
    if (result.violations.length > 0) {
      const failure = { scenario, violations: result.violations, tail: result.tail }
      failures.push(failure)
      plan.onFailure?.(failure)
      if (failures.length >= (plan.failuresMax ?? Infinity)) break
    }
    plan.onProgress?.(summarize())
  }
  return summarize()
}

/** What went wrong, how to see it again, and what happened before. */
export function describeFailure({ scenario, violations, tail }: Failure, tailLines = 60): string {
  const { seed, name } = scenario
  return [
    ...tail.slice(-tailLines),
    `seed ${seed}, scenario ${name}:`,
    ...violations.slice(0, 5).map(({ checker, detail }) => `  ${checker}: ${detail}`),
    `replay: npm run sim -- --from ${seed} --seeds 1 --scenario ${name}`,
  ].join('\n')
}
