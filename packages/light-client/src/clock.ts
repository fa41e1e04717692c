import type { UnixMs } from '@watchfire/attestation'

/** The reader's own clock, by which staleness is judged (SPEC 9.5). Tests put theirs in. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): UnixMs
  /** Calls `run` once, after `delayMs`; the answer cancels it. */
  setTimer(delayMs: number, run: () => void): () => void
}

/** Longest delay a timer takes; a longer one would fire at once. */
const delayMsMax = 2 ** 31 - 1

/** This machine’s clock and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now() as UnixMs,
  setTimer(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, delayMsMax))
    return () => clearTimeout(timer)
  },
}

/**
 * Waits for `work`, but not past a time.
 *
 * @param work never rejects
 * @param untilMs by `clock`; infinite: as long as it takes
 * @param signal ends the wait early
 * @returns what `work` gave; undefined when the time came or the signal first
 */
export async function waitFor<T>(
  clock: Clock,
  work: Promise<{ readonly value: T }> | undefined,
  untilMs: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: T } | undefined> {
  let cancel: (() => void) | undefined
  let onAbort: (() => void) | undefined
  const alarm = new Promise<undefined>((resolve) => {
    if (signal?.aborted === true) resolve(undefined)
    onAbort = () => resolve(undefined)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (Number.isFinite(untilMs))
      cancel = clock.setTimer(Math.max(0, untilMs - clock.nowMs()), () => resolve(undefined))
  })
  try {
    return await (work === undefined ? alarm : Promise.race([work, alarm]))
  } finally {
    cancel?.()
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}
