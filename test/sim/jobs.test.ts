import assert from 'node:assert/strict'
import { FigureSums } from './figures.ts'
import { runJobs } from './jobs.ts'

const SEEDS = [20, 21, 22, 23]

async function runWith(jobs: number) {
  const sums = new FigureSums()
  const seen: number[] = []
  const task = { scenario: undefined, asked: {}, cuts: [] }
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

  it('come to the same, however many there are', async () => {
    const alone = await runWith(1)
    assert.ok(alone.rounds > 100)
    assert.deepEqual(await runWith(3), alone)
  })
})
