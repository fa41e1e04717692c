import type { Clock } from '../ports.ts'

/** Waits for `promise`, or throws the signal's reason. */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(toError(signal.reason))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Waits `delayMs` by the clock, or until `signal`, whichever is first. Never rejects. */
export async function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.setTimer(delayMs, resolve)
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  await promise
  signal.removeEventListener('abort', onAbort)
  cancel()
}

/** A signal that ends by the clock or with its parent. Call `release` when the work is done. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Whether it was the clock that ended it. */
  isOver(): boolean
  /** Starts the time again. */
  extend(): void
  release(): void
}

/** @param timeoutMs until the signal ends, counted anew by `extend` */
export function makeDeadline(clock: Clock, timeoutMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController()
  let isOver = false
  const onParent = () => controller.abort(parent.reason)
  const onTime = () => {
    isOver = true
    controller.abort(new Error(`no progress for ${timeoutMs} ms`))
  }
  let cancel = clock.setTimer(timeoutMs, onTime)
  if (parent.aborted) onParent()
  else parent.addEventListener('abort', onParent, { once: true })
  return {
    signal: controller.signal,
    isOver: () => isOver,
    extend() {
      cancel()
      if (!controller.signal.aborted) cancel = clock.setTimer(timeoutMs, onTime)
    },
    release() {
      cancel()
      parent.removeEventListener('abort', onParent)
    },
  }
}

/** What was thrown, as an Error: libraries may throw anything. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
