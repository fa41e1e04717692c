import { readFileSync } from 'node:fs'

/** Ticks of `/proc/<pid>/stat` in a second: fixed for user space on Linux. */
const TICKS_PER_SECOND = 100

/** What a process has used so far. */
export interface ProcessCost {
  /** Processor time of all its threads, user and system. */
  readonly cpuMs: number
  /** Memory that lies in RAM, file mappings included: what `ps` and operators call RSS. */
  readonly rssBytes: number
}

/** @throws when there is no such process, or no Linux to ask */
export function readProcessCost(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold spaces; after it come state and numbers.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const rssKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
  if (!Number.isFinite(user + system + rssKib)) throw new Error(`process ${pid} shows no numbers`)
  return { cpuMs: ((user + system) * 1000) / TICKS_PER_SECOND, rssBytes: rssKib * 1024 }
}
