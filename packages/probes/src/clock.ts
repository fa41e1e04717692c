import type { UnixMs } from '@watchfire/attestation'

/** The only source of time and timers for probes, so that tests can be it. */
export interface ProbeClock {
  /** Milliseconds since 1970-01-01 UTC, by this machine. */
  nowMs(): UnixMs
  /** Milliseconds, with fractions, on a clock that never jumps; only differences mean anything. */
  monotonicMs(): number
  /** Calls `run` once, after `delayMs`; the answer cancels it. */
  setTimer(delayMs: number, run: () => void): () => void
}

/** This machine's clock. */
export const systemClock: ProbeClock = {
  nowMs: () => Date.now() as UnixMs,
  monotonicMs: () => performance.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
