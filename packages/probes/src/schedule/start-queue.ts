import type { ProbeClock } from '../clock.ts'

/** Something that begins at a moment. */
export interface Start {
  /** On the clock that never jumps. */
  readonly atMs: number
  begin(): void
}

/**
 * Begun in one turn of the event loop. A process that was held up thus makes up for it in small steps,
 * between which answers are read: those under way are not measured as slower than they were.
 */
export const STARTS_PER_TURN_MAX = 8

/**
 * Begins each at its moment, by one timer for all.
 *
 * @returns ends it: what has not begun does not
 */
export function beginInTurn(list: readonly Start[], clock: ProbeClock): () => void {
  const starts = list.toSorted((a, b) => a.atMs - b.atMs)
  let next = 0
  let cancel: () => void = () => undefined

  function turn(): void {
    for (let begun = 0; begun < STARTS_PER_TURN_MAX; begun++) {
      const start = starts[next]
      if (start === undefined || start.atMs > clock.monotonicMs()) break
      next++
      start.begin()
    }
    arm()
  }

  function arm(): void {
    const start = starts[next]
    if (start === undefined) return
    cancel = clock.setTimer(Math.max(0, Math.ceil(start.atMs - clock.monotonicMs())), turn)
  }

  arm()
  return () => {
    next = starts.length
    cancel()
  }
}
