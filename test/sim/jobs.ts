import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Cut } from './cuts.ts'
import type { Asked, ScenarioName } from './scenario.ts'
import type { SeedRun } from './seed-run.ts'

/** How scenarios are drawn from seeds: plain data, for threads. */
export interface SeedTask {
  /** Undefined: the seed says. */
  readonly scenario: ScenarioName | undefined
  readonly asked: Asked
  readonly cuts: readonly Cut[]
  /** Of so many turns of all scenarios one runs twice; 1: each (`isRunTwice`). */
  readonly twiceEvery: number
}

/**
 * Runs seeds in threads. What comes of a seed depends on nothing but the seed, so the number of
 * threads changes only the order in which seeds end.
 *
 * @param onRun called for each seed as it ends
 */
export async function runJobs(
  seeds: readonly number[],
  jobs: number,
  task: SeedTask,
  onRun: (run: SeedRun) => void,
): Promise<void> {
  const waiting = [...seeds].toReversed()
  const work = async () => {
    const worker = new Worker(new URL('seed-worker.ts', import.meta.url), { workerData: task })
    try {
      for (let seed = waiting.pop(); seed !== undefined; seed = waiting.pop()) {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(seed)
        const [run] = (await once(worker, 'message')) as [SeedRun]
        onRun(run)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, work))
}
