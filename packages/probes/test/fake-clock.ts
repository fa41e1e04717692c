import { setImmediate } from 'node:timers/promises'
import type { UnixMs } from '@watchfire/attestation'
import type { ProbeClock } from '../src/clock.ts'

/** Time that passes only when a test says so. */
export interface FakeClock extends ProbeClock {
  /** Lets time pass, and what is due on the way happen, in order. */
  advance(ms: number): Promise<void>
  /** Lets time pass all at once, as for a process that was held up: timers find out afterwards. */
  jump(ms: number): Promise<void>
  /** Sets the wall clock forward or back; no time passes. */
  setWall(byMs: number): void
  /** Timers that are waiting. */
  countTimers(): number
}

export function makeFakeClock(startMs: number): FakeClock {
  const timers = new Set<{ atMs: number; run: () => void }>()
  let nowMs = startMs
  let wallMs = 0

  function takeDue(untilMs: number) {
    let first: { atMs: number; run: () => void } | undefined
    for (const timer of timers) if (first === undefined || timer.atMs < first.atMs) first = timer
    if (first === undefined || first.atMs > untilMs) return undefined
    timers.delete(first)
    return first
  }

  /** Runs what is due; what follows from it by promises has happened when this ends. */
  async function runDue(untilMs: number): Promise<void> {
    await setImmediate()
    for (let due = takeDue(untilMs); due !== undefined; due = takeDue(untilMs)) {
      nowMs = Math.max(nowMs, due.atMs)
      due.run()
      await setImmediate()
    }
  }

  return {
    nowMs: () => (nowMs + wallMs) as UnixMs,
    monotonicMs: () => nowMs - startMs,
    setTimer(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      await runDue(untilMs)
      nowMs = untilMs
    },
    async jump(ms) {
      nowMs += ms
      await runDue(nowMs)
    },
    setWall(byMs) {
      wallMs += byMs
    },
    countTimers: () => timers.size,
  }
}
