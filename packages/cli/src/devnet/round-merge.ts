/** What is merged: anything with a height. */
interface Placed {
  readonly height: number
}

/** Rounds that may wait for one that is missing before them; beyond, the farthest is dropped. */
const WAITING_MAX = 4096

/**
 * Makes one ascending sequence without holes of what several nodes serve, each in its own order and
 * at its own time. What comes first counts; copies are dropped.
 */
export interface RoundMerge<T extends Placed> {
  /** Height of the last that was given out; undefined before the first. */
  readonly last: number | undefined
  /** Takes one, and gives out what is next in line now, ascending. */
  offer(item: T): T[]
  /** The height that is missing while later ones wait, if there is one. */
  readonly missing: number | undefined
}

/** @param after - height of the last that was given out before; undefined: begin with what comes first */
export function makeRoundMerge<T extends Placed>(after: number | undefined): RoundMerge<T> {
  const waiting = new Map<number, T>()
  let last = after
  return {
    get last() {
      return last
    },
    get missing() {
      return waiting.size === 0 || last === undefined ? undefined : last + 1
    },
    offer(item) {
      if (last !== undefined && item.height <= last) return []
      if (last === undefined) last = item.height - 1
      if (!waiting.has(item.height)) waiting.set(item.height, item)
      const ready: T[] = []
      for (;;) {
        const next = waiting.get(last + 1)
        if (next === undefined) break
        waiting.delete(last + 1)
        ready.push(next)
        last += 1
      }
      if (waiting.size > WAITING_MAX) waiting.delete(Math.max(...waiting.keys()))
      return ready
    },
  }
}
