import { parentPort, workerData } from 'node:worker_threads'
import type { SeedTask } from './jobs.ts'
import { applyCuts } from './cuts.ts'
import { drawScenario } from './scenario.ts'
import { isRunTwice, runSeed } from './seed-run.ts'

// A thread that runs the seeds it is sent, one at a time.

const { scenario, asked, cuts, twiceEvery } = workerData as SeedTask
const port = parentPort
if (port === null) throw new Error('this is a thread of test/sim/jobs.ts')
port.on('message', (seed: number) => {
  const drawn = applyCuts(drawScenario(seed, scenario, asked), cuts)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
  port.postMessage(runSeed(drawn, isRunTwice(seed, twiceEvery)))
})
