import assert from 'node:assert/strict'
import { drawScenario } from '../sim/scenario.ts'
import { describeFailure, runSeeds } from '../sim/seeds.ts'

/** Beyond the seeds of the quick run. */
const FIRST_SEED = 10_000
const SEEDS = 1000
const BUDGET_MS = 6 * 60_000

describe('Nodes in a simulated world, over a thousand seeds', () => {
  it('agree, sign nothing twice and go on', function () {
    this.timeout(2 * BUDGET_MS)
    const { failures, seeds, rounds } = runSeeds({
      first: FIRST_SEED,
      count: SEEDS,
      draw: (seed) => drawScenario(seed),
      budgetMs: BUDGET_MS,
      failuresMax: 5,
    })
    assert.equal(failures.length, 0, failures.map((each) => describeFailure(each)).join('\n\n'))
    assert.ok(rounds > seeds * 20, `${seeds} seeds with ${rounds} rounds`)
  })
})
