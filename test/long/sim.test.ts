import assert from 'node:assert/strict'
import { describeFailure } from '../sim/failure.ts'
import { FigureSums } from '../sim/figures.ts'
import { runJobs } from '../sim/jobs.ts'
import type { SeedRun } from '../sim/seed-run.ts'

/** Beyond the seeds of the quick run. */
const FIRST_SEED = 10_000
const SEEDS = 1000
const JOBS = 2

describe('Nodes in a simulated world, over a thousand seeds', () => {
  it('agree, sign nothing twice and go on', async function () {
    this.timeout(30 * 60_000)
    const sums = new FigureSums()
    const failures: SeedRun[] = []
    const seeds = Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index)
    const task = { scenario: undefined, asked: {}, cuts: [], twiceEvery: 1 }
    await runJobs(seeds, JOBS, task, (run) => {
      sums.add(run)
      if (run.violations.length > 0) failures.push(run)
    })
    const told = failures.slice(0, 5).map((each) => describeFailure(each))
    assert.equal(failures.length, 0, told.join('\n\n'))
    assert.equal(sums.seeds, SEEDS)
    assert.equal(sums.read().seedsTwice, SEEDS)
    assert.ok(sums.rounds > SEEDS * 20, `${SEEDS} seeds with ${sums.rounds} rounds`)
  })
})
