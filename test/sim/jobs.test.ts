import assert from 'node:assert/strict'
import { FigureSums } from './figures.ts'
import { runJobs } from './jobs.ts'
import { isRunTwice } from './seed-run.ts'

const SEEDS = [20, 21, 22, 23]

async function runWith(jobs: number, twiceEvery = 1) {
  const sums = new FigureSums()
  const seen: number[] = []
  const task = { scenario: undefined, asked: {}, cuts: [], twiceEvery }
  await runJobs(SEEDS, jobs, task, (run) => {
    sums.add(run)
    seen.push(run.scenario.seed)
  })
  const { cpuMs, ...figures } = sums.read()
  assert.ok(cpuMs > 0)
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    SEEDS,
  )
  return figures
}

describe('Seeds in threads', function () {
  this.timeout(60_000)

  it('come to the same, however many there are, whether they run twice or once', async () => {
    const twice = await runWith(1)
    assert.ok(twice.rounds > 100)
    assert.equal(twice.seedsTwice, SEEDS.length)
    assert.deepEqual(await runWith(3, 8), { ...twice, seedsTwice: 0 })
  })

  it('run twice where that is the turn of all scenarios', () => {
    const seeds = [0, 15, 16, 127, 128, 143, 144, 255, 256]
    assert.deepEqual(
      seeds.filter((seed) => isRunTwice(seed, 8)),
      [0, 15, 128, 143, 256],
    )
    assert.ok(seeds.every((seed) => isRunTwice(seed, 1)))
  })
})
