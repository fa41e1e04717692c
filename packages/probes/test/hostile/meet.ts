import type { Round, UnixMs } from '@watchfire/attestation'
import { getEnding, makeTarget } from '../../src/compliance/harness.ts'
import type { Ending } from '../../src/compliance/faults.ts'
import type { Resolve } from '../../src/net/resolve.ts'
import { makeRegistry } from '../../src/registry.ts'
import { makeScheduler } from '../../src/schedule/scheduler.ts'
import { SPREAD_PART } from '../../src/schedule/spread.ts'
import { makeMeter, type Meter } from './meter.ts'
import type { Subject } from './subjects.ts'

/** One probe, and what it came to. */
export interface Meeting {
  readonly subject: Subject
  readonly ending: Ending
  readonly detail: string
  readonly meter: Meter
}

export interface MeetOptions {
  readonly timeoutMs: number
  readonly host?: string
  readonly resolve?: Resolve
  readonly ca?: readonly string[]
}

/** Far beyond any deadline: a round that ends by its own end would hide a probe that does not. */
const ATTEST_BY_MS = 120_000

/** The round has gone on for this long: all its probes are due at once. */
const PASSED_MS = ATTEST_BY_MS * SPREAD_PART

/** Lets every subject probe one port, all at once, by the rules of a monitor. */
export async function meet(
  subjects: readonly Subject[],
  port: number,
  options: MeetOptions,
): Promise<{ meetings: readonly Meeting[]; tookMs: number }> {
  const { timeoutMs, host = '127.0.0.1', resolve, ca = [] } = options
  // What a kind loads when it is first asked is no cost of its target.
  await import('../../src/net/libp2p-session.ts')
  // Each subject is a kind of its own here, so that it is measured alone.
  const meters = subjects.map((subject, index) =>
    makeMeter({ ...subject.kind, kind: `k${index}.${subject.kind.kind}` }),
  )
  const scheduler = makeScheduler({
    targets: subjects.map((subject, index) => {
      const meter = meters[index]
      if (meter === undefined) throw new Error('a subject without its meter')
      return makeTarget(meter.kind, subject.getParams(host, port), timeoutMs)
    }),
    attestByMs: ATTEST_BY_MS,
    registry: makeRegistry(meters.map(({ kind }) => kind)),
    allow: ['127.0.0.1/32'],
    ca,
    concurrency: 1000,
    random: () => 0,
    ...(resolve === undefined ? {} : { resolve }),
  })
  const beganMs = performance.now()
  const results = await scheduler.run(
    1 as Round,
    (Date.now() - PASSED_MS) as UnixMs,
    new AbortController().signal,
  )
  const tookMs = performance.now() - beganMs
  scheduler.close()
  return {
    tookMs,
    meetings: results.map(({ target, result }) => {
      const subject = subjects[target]
      const meter = meters[target]
      if (subject === undefined || meter === undefined) throw new Error('a result of nobody')
      const detail = 'detail' in result ? result.detail : ''
      return { subject, ending: getEnding(result), detail, meter }
    }),
  }
}
