import type { Round, Target, UnixMs } from '@watchfire/attestation'
import { aggregateCodes } from '../codes.ts'
import type { ProbeKind, ProbeResult } from '../kind.ts'
import type { Resolve } from '../net/resolve.ts'
import { makeRegistry } from '../registry.ts'
import { makeScheduler } from '../schedule/scheduler.ts'
import { expandTarget } from '../target.ts'
import type { Ending } from './faults.ts'

/** How one probe is made; what is left out is loopback allowed and no names known. */
export interface ProbeOptions {
  readonly timeoutMs?: number
  readonly allow?: readonly string[]
  readonly ca?: readonly string[]
  readonly resolve?: Resolve
  readonly signal?: AbortSignal
  readonly bytesPerRoundMax?: number
  readonly roundStartMs?: number
}

const encoder = new TextEncoder()

/**
 * Writes a target as a manifest has it on the wire.
 *
 * @throws TypeError when the kind refuses its parameters: a mistake in a test
 */
export function makeTarget(
  kind: ProbeKind,
  params: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Target {
  const draft = { id: 'target', kind: kind.kind, timeoutMs, params }
  const expanded = expandTarget(draft, makeRegistry([kind]))
  if (!expanded.ok) throw new TypeError(JSON.stringify(expanded.problems))
  const { target } = expanded
  return {
    id: encoder.encode(target.id),
    kind: encoder.encode(target.kind),
    group: new Uint8Array(),
    provider: new Uint8Array(),
    shard: target.shard,
    timeoutMs,
    params: encoder.encode(JSON.stringify(target.params)),
    signals: target.signals.map(({ name, unit, scale, aggregate }) => ({
      name: encoder.encode(name),
      unit: encoder.encode(unit),
      scale,
      aggregate: aggregateCodes[aggregate],
    })),
    identities: target.identities.map(({ name }) => ({ name: encoder.encode(name) })),
    // The scheduler reads no policy.
    policy: {
      reachedMin: 667,
      failedMin: 667,
      fallRounds: 1,
      riseRounds: 1,
      regionsMin: 0,
      networksMin: 0,
      operatorsMin: 0,
      astray: 2,
      thresholds: [],
    },
  }
}

/** Probes a target once, the way a monitor does: through the scheduler. */
export async function probeOnce(
  kind: ProbeKind,
  params: Readonly<Record<string, unknown>>,
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const timeoutMs = options.timeoutMs ?? 6000
  const scheduler = makeScheduler({
    targets: [makeTarget(kind, params, timeoutMs)],
    // The scheduler keeps a margin for signing.
    attestByMs: timeoutMs + 250,
    registry: makeRegistry([kind]),
    allow: options.allow ?? ['127.0.0.1/32'],
    ca: options.ca ?? [],
    concurrency: 1,
    random: () => 0,
    resolve: options.resolve ?? (async () => ({ ok: false, code: 'ENOTFOUND' })),
    ...(options.bytesPerRoundMax === undefined
      ? {}
      : { bytesPerRoundMax: options.bytesPerRoundMax }),
  })
  const [probed] = await scheduler.run(
    1 as Round,
    (options.roundStartMs ?? Date.now()) as UnixMs,
    options.signal ?? new AbortController().signal,
  )
  scheduler.close()
  if (probed === undefined) throw new Error('no result for the only target')
  return probed.result
}

/** How a probe ended, in one word. */
export function getEnding(result: ProbeResult): Ending {
  if (result.status === 'reached') return 'reached'
  return result.status === 'failed' ? result.outcome : result.reason
}
