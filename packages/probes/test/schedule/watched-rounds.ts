import type { Round, UnixMs } from '@watchfire/attestation'
import { getEnding, makeTarget } from '../../src/compliance/harness.ts'
import type { Ending } from '../../src/compliance/faults.ts'
import { makeRegistry } from '../../src/registry.ts'
import type { ProbedTarget } from '../../src/schedule/run-round.ts'
import { makeScheduler } from '../../src/schedule/scheduler.ts'
import { type FakeClock, makeFakeClock } from '../fake-clock.ts'
import { makeFakeKind, reachedNothing } from '../fake-kind.ts'
import { makeRandom } from '../seeded-random.ts'

export const START_MS = 1_000_000
export const ATTEST_BY_MS = 1000
/** When the last result is due: a tenth is kept for signing. */
export const END_MS = 900

/** A target of a drawn round: it answers after a while, or never. */
export interface DrawnTarget {
  readonly timeoutMs: number
  readonly answersAfterMs: number | 'never'
}

export interface WatchedOptions {
  readonly targets: readonly DrawnTarget[]
  readonly concurrency: number
  readonly seed: number
  /** Left out: a clock of its own. */
  readonly clock?: FakeClock
}

/** What a target came to in a round: how it ended, when it began (undefined: never), and its plan. */
export interface Seen {
  readonly ending: Ending
  readonly detail: string
  readonly begunMs: number | undefined
  readonly plannedMs: number | undefined
}

/** A scheduler whose every probe is watched, by a kind that counts for itself. */
export interface WatchedScheduler {
  readonly clock: FakeClock
  /** Probes that were under way at once, at most. */
  readonly inFlightMax: () => number
  /** Probes under way whose signal has not been aborted. */
  readonly inFlight: () => number
  /** How often a target was asked since it was last looked at. */
  readonly takeAsked: () => readonly number[]
  /** Begins a round; what it came to is undefined until all is done. */
  readonly begin: (roundStartMs?: number, signal?: AbortSignal) => () => readonly Seen[] | undefined
  readonly close: () => void
}

export function watch({ targets, concurrency, seed, clock: given }: WatchedOptions) {
  const clock = given ?? makeFakeClock(START_MS)
  const asked = targets.map(() => 0)
  const underWay = new Set<AbortSignal>()
  let most = 0
  const kind = makeFakeKind(async (name, { signal }) => {
    asked[Number(name)] = (asked[Number(name)] ?? 0) + 1
    underWay.add(signal)
    let cancel: () => void = () => undefined
    const onEnd = () => (cancel(), underWay.delete(signal))
    signal.addEventListener('abort', onEnd, { once: true })
    most = Math.max(most, underWay.size)
    const after = targets[Number(name)]?.answersAfterMs ?? 'never'
    if (after === 'never') return new Promise(() => {})
    if (after > 0) await new Promise<void>((resolve) => (cancel = clock.setTimer(after, resolve)))
    underWay.delete(signal)
    return reachedNothing
  })
  const scheduler = makeScheduler({
    targets: targets.map(({ timeoutMs }, index) =>
      makeTarget(kind, { name: `${index}` }, timeoutMs),
    ),
    attestByMs: ATTEST_BY_MS,
    registry: makeRegistry([kind]),
    allow: [],
    concurrency,
    random: makeRandom(seed),
    clock,
  })
  const watched: WatchedScheduler = {
    clock,
    inFlightMax: () => most,
    inFlight: () => underWay.size,
    takeAsked: () => asked.map((count, index) => ((asked[index] = 0), count)),
    begin(roundStartMs = START_MS, signal = new AbortController().signal) {
      let seen: readonly Seen[] | undefined
      void scheduler
        .run(7 as Round, roundStartMs as UnixMs, signal)
        .then((results) => (seen = results.map(see)))
      return () => seen
    },
    close: () => scheduler.close(),
  }
  return watched
}

function see({ result, start }: ProbedTarget): Seen {
  return {
    ending: getEnding(result),
    detail: 'detail' in result ? result.detail : '',
    begunMs: start?.begunMs,
    plannedMs: start?.plannedMs,
  }
}
