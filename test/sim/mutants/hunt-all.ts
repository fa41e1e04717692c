import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { findFalseAlarm, type Hunted } from './hunt.ts'
import type { Mutant } from './mutant.ts'

/** `misnamed`: seen, but first by another checker; `false-alarm`: seen without the bug too; `broken`: could not be run. */
export type Fate = 'killed' | 'survived' | 'misnamed' | 'false-alarm' | 'broken'

export interface Report {
  readonly mutant: Mutant
  readonly fate: Fate
  /** Absent where it could not be run. */
  readonly hunted?: Hunted
  readonly detail: string
}

/**
 * Hunts mutants, each in a thread of its own, and runs the seed that shows each once more without it.
 *
 * @param jobs threads at a time
 * @param onReport called for each as it ends
 */
export async function huntAll(
  mutants: readonly Mutant[],
  jobs: number,
  onReport?: (report: Report) => void,
): Promise<Report[]> {
  const reports: Report[] = []
  const waiting = [...mutants]
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const report = await huntOne(mutant)
      reports.push(report)
      onReport?.(report)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return reports
}

async function huntOne(mutant: Mutant): Promise<Report> {
  const worker = new Worker(new URL('hunter.ts', import.meta.url), { workerData: mutant.name })
  let hunted: Hunted
  try {
    ;[hunted] = (await once(worker, 'message')) as [Hunted]
  } catch (error) {
    return {
      mutant,
      fate: 'broken',
      detail: error instanceof Error ? error.message : String(error),
    }
  } finally {
    await worker.terminate()
  }
  const { killedBy, seed, detail } = hunted
  if (killedBy === undefined) return { mutant, fate: 'survived', hunted, detail: '' }
  if (killedBy !== mutant.caughtBy) return { mutant, fate: 'misnamed', hunted, detail }
  const falseAlarm = findFalseAlarm(mutant, seed)
  return falseAlarm === undefined
    ? { mutant, fate: 'killed', hunted, detail }
    : { mutant, fate: 'false-alarm', hunted, detail: falseAlarm }
}
