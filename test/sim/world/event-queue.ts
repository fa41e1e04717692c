/** Something that will happen, unless it is cancelled before. */
export interface Happening {
  readonly atMs: number
  readonly run: () => void
  cancelled: boolean
}

/**
 * Virtual time. What is due at the same millisecond happens in the order in which it was asked for,
 * so a run depends on nothing but its seed.
 */
export class EventQueue {
  #nowMs: number
  /** What is due, by millisecond: far more happens in one than there are ahead. */
  readonly #byMs = new Map<number, Happening[]>()
  /** The milliseconds in which something is due: a heap, the next one first. */
  readonly #heap: number[] = []

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  /** Milliseconds of virtual time, whole ones; it stands still while something happens. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** @param atMs a time, rounded up; one that has passed means at once, after what is due already */
  at(atMs: number, run: () => void): Happening {
    const dueMs = Math.max(Math.ceil(atMs), this.#nowMs)
    const happening: Happening = { atMs: dueMs, run, cancelled: false }
    const due = this.#byMs.get(dueMs)
    if (due === undefined) {
      this.#byMs.set(dueMs, [happening])
      this.#push(dueMs)
    } else due.push(happening)
    return happening
  }

  after(delayMs: number, run: () => void): Happening {
    return this.at(this.#nowMs + delayMs, run)
  }

  /** Runs everything due up to `untilMs`, included, then stands at that time. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next <= untilMs; next = this.#heap[0]) {
      this.#nowMs = next
      const due = this.#byMs.get(next) ?? []
      // What happens may ask for more in the same millisecond: the list grows while it is gone through.
      for (let index = 0; index < due.length; index++) {
        const happening = due[index]
        if (happening?.cancelled === false) happening.run()
      }
      this.#byMs.delete(next)
      this.#pop()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(ms: number): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(ms)
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || parent <= ms) break
      heap[index] = parent
      index = above
    }
    heap[index] = ms
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      let child = heap[below]
      if (child === undefined) break
      const sibling = heap[below + 1]
      if (sibling !== undefined && sibling < child) {
        child = sibling
        below += 1
      }
      if (child >= last) break
      heap[index] = child
      index = below
    }
    heap[index] = last
  }
}
