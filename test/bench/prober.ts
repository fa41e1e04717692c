import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Round, UnixMs } from '@watchfire/attestation'
import {
  builtinKinds,
  makeRegistry,
  makeScheduler,
  type ProbedTarget,
  type ProbeKind,
  type Scheduler,
} from '@watchfire/probes'
import { SPREAD_PART } from '../../packages/probes/src/schedule/spread.ts'
import { makeTarget } from '../../packages/probes/src/compliance/harness.ts'

// A process that probes, and one that asks the same by undici alone: told by messages what to do next.

/** What it is told. */
export type ProberOrder =
  | {
      readonly id: number
      readonly ask: 'probes' | 'undici'
      readonly port: number
      readonly count: number
    }
  | {
      readonly id: number
      readonly rounds: number
      readonly port: number
      readonly targets: number
    }

/** What a batch cost, or how late each probe of some rounds began. */
export interface ProberReport {
  readonly id: number
  /** Processor time of the process, user and system. */
  readonly cpuMs: number
  readonly tookMs: number
  /** How long it was ready to run and did not have the core; not a number where no system tells. */
  readonly waitedMs: number
  /** Those that did not come to a healthy answer, whyever. */
  readonly bad: number
  /** Of each probe, from the moment that was drawn for it to its beginning. */
  readonly lateMs: readonly number[]
}

type Outcome = Pick<ProberReport, 'bad' | 'lateMs'>

/** The part of undici that is used here: the copy that probes use, and not another. */
interface Undici {
  readonly Client: new (
    origin: string,
  ) => {
    request(options: { method: 'GET'; path: string }): Promise<{
      readonly statusCode: number
      readonly body: { text(): Promise<string> }
    }>
    destroy(): Promise<void>
  }
}
const probesPackage = new URL('../../packages/probes/package.json', import.meta.url)
const { Client } = createRequire(probesPackage)('undici') as Undici

const CONCURRENCY = 64
const TIMEOUT_MS = 1000
/** Rounds of 5 s, as `network create` times them. */
const ROUND_MS = 5000
const ATTEST_BY_MS = 3000

const schedulers = new Map<string, Scheduler>()
const startsMs: number[] = []

const httpKind = getKind('http')

function getKind(name: string): ProbeKind {
  const kind = builtinKinds.find((each) => each.kind === name)
  if (kind === undefined) throw new Error(`no kind ${name}`)
  return kind
}

/** The kind `http`, with its beginnings noted. */
const watched: ProbeKind = {
  ...httpKind,
  probe(params, context) {
    const { url } = params as { url: string }
    startsMs[Number(new URL(url).searchParams.get('target'))] = context.nowMs()
    return httpKind.probe(params, context)
  },
}

function makeTargets(kind: ProbeKind, port: number, count: number, attestByMs: number): Scheduler {
  const urls = Array.from(
    { length: count },
    (_, index) => `http://127.0.0.1:${port}/?target=${index}`,
  )
  return makeScheduler({
    targets: urls.map((url) => makeTarget(kind, { url }, TIMEOUT_MS)),
    attestByMs,
    registry: makeRegistry([kind]),
    allow: ['127.0.0.1/32'],
    concurrency: CONCURRENCY,
    random: Math.random,
  })
}

async function runRound(scheduler: Scheduler, startMs: number): Promise<readonly ProbedTarget[]> {
  const never = new AbortController().signal
  return scheduler.run(1 as Round, startMs as UnixMs, never)
}

function countBad(results: readonly ProbedTarget[]): number {
  return results.filter(({ result }) => result.status !== 'reached').length
}

/** Far more than a batch takes. */
const BATCH_ROUND_MS = 600_000

/** All at once, as far as slots go: a round without an end, in which all are due already. */
async function probe(port: number, count: number): Promise<Outcome> {
  const key = `${port} ${count}`
  const scheduler = schedulers.get(key) ?? makeTargets(httpKind, port, count, BATCH_ROUND_MS)
  schedulers.set(key, scheduler)
  return {
    bad: countBad(await runRound(scheduler, Date.now() - BATCH_ROUND_MS * SPREAD_PART)),
    lateMs: [],
  }
}

/** The same requests, each on a connection of its own, as many at once. */
async function ask(port: number, count: number): Promise<Outcome> {
  let next = 0
  let bad = 0
  async function work(): Promise<void> {
    while (next < count) {
      const client = new Client(`http://127.0.0.1:${port}`)
      const { body, statusCode } = await client.request({
        method: 'GET',
        path: `/?target=${next++}`,
      })
      await body.text()
      await client.destroy()
      if (statusCode !== 200) bad++
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return { bad, lateMs: [] }
}

async function keepTime(port: number, targets: number, rounds: number): Promise<Outcome> {
  const scheduler = makeTargets(watched, port, targets, ATTEST_BY_MS)
  const lateMs: number[] = []
  let bad = 0
  const originMs = Date.now() + 100
  for (let round = 0; round < rounds; round++) {
    const startMs = originMs + round * ROUND_MS
    await new Promise((resolve) => setTimeout(resolve, startMs - Date.now()))
    const results = await runRound(scheduler, startMs)
    bad += countBad(results)
    for (const { target, start } of results) {
      // When it was to begin, the scheduler says; when it began was noted here.
      const begunMs = (startsMs[target] ?? Number.NaN) - startMs
      lateMs.push(begunMs - (start?.plannedMs ?? Number.NaN))
    }
  }
  return { bad, lateMs }
}

async function obey(order: ProberOrder): Promise<ProberReport> {
  const cpu = process.cpuUsage()
  const waited = readWaitedMs()
  const beganMs = performance.now()
  const { port } = order
  const outcome =
    'rounds' in order
      ? await keepTime(port, order.targets, order.rounds)
      : await (order.ask === 'probes' ? probe : ask)(port, order.count)
  const { user, system } = process.cpuUsage(cpu)
  const tookMs = performance.now() - beganMs
  const waitedMs = readWaitedMs() - waited
  return { id: order.id, cpuMs: (user + system) / 1000, tookMs, waitedMs, ...outcome }
}

/** Of this process' main thread, by the kernel's own count (Documentation/scheduler/sched-stats). */
function readWaitedMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return Number.NaN
  }
}

process.on('message', (order: ProberOrder) => {
  void obey(order).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit(0))
