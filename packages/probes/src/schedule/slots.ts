/** `slow`: targets that used up their time in the last round. */
export type Lane = 'quick' | 'slow'

/** Bounds how many probes run at once. */
export interface Slots {
  /**
   * Calls `start` as soon as a slot is free.
   *
   * @returns gives the slot back, or the place in the queue; calling it again does nothing
   */
  take(lane: Lane, start: () => void): () => void
}

/**
 * Slots in two lanes: slow targets together never hold more than half of them, so that however many
 * targets hang, the others go on being asked on time.
 *
 * @param concurrency - at least 1
 */
export function makeSlots(concurrency: number): Slots {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency must be a positive integer, not ${concurrency}`)
  }
  const maxima: Record<Lane, number> = {
    quick: concurrency,
    slow: Math.max(1, Math.floor(concurrency / 2)),
  }
  const held: Record<Lane, number> = { quick: 0, slow: 0 }
  const queues: Record<Lane, Set<() => void>> = { quick: new Set(), slow: new Set() }

  let isServing = false

  /** What a start gives back at once is served by the same loop: thousands in a row nest no calls. */
  function serve(): void {
    if (isServing) return
    isServing = true
    for (let start = takeNext(); start !== undefined; start = takeNext()) start()
    isServing = false
  }

  function takeNext(): (() => void) | undefined {
    if (held.quick + held.slow >= concurrency) return undefined
    for (const lane of ['quick', 'slow'] as const) {
      if (held[lane] >= maxima[lane]) continue
      for (const start of queues[lane]) {
        queues[lane].delete(start)
        return start
      }
    }
    return undefined
  }

  return {
    take(lane, start) {
      let state: 'queued' | 'held' | 'given-back' = 'queued'
      const begin = () => {
        state = 'held'
        held[lane]++
        start()
      }
      queues[lane].add(begin)
      serve()
      return () => {
        if (state === 'queued') queues[lane].delete(begin)
        if (state === 'held') held[lane]--
        state = 'given-back'
        serve()
      }
    },
  }
}
