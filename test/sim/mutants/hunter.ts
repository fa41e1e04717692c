import { parentPort, workerData } from 'node:worker_threads'
import { mutateSources } from './mutated-sources.ts'
import { sourceMutants } from './source-mutants.ts'

// A thread that hunts one mutant, named in its data. What is tested is loaded only after the sources
// were changed, hence the imports at the end.

const name: unknown = workerData
const mutated = sourceMutants.find((mutant) => mutant.name === name)
if (mutated !== undefined) mutateSources(mutated.edits)

const { hunt } = await import('./hunt.ts')
const { seamMutants } = await import('./seam-mutants.ts')
const mutant = mutated ?? seamMutants.find((each) => each.name === name)
if (mutant === undefined) throw new Error(`no mutant is named ${String(name)}`)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window's
parentPort?.postMessage(hunt(mutant))
