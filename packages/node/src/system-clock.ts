import type { UnixMs } from '@watchfire/attestation'
import type { Clock } from './ports.ts'

/** This machine's clock and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now() as UnixMs,
  monotonicMs: () => performance.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
