/** Something that will happen, unless it is cancelled before. */
export interface Happening {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/**
 * Virtual time. What is due at the same millisecond happens in the order in which it was asked for,
 * so a run depends on nothing but its seed.
 */
export class EventQueue {
  #nowMs: number
  #asked = 0
  readonly #heap: Happening[] = []

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  /** Milliseconds of virtual time; it stands still while something happens. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** @param atMs a time; one that has passed means at once, after what is due already */
  at(atMs: number, run: () => void): Happening {
    const happening: Happening = {
      atMs: Math.max(atMs, this.#nowMs),
      order: this.#asked++,
      run,
      cancelled: false,
    }
    this.#push(happening)
    return happening
  }

  after(delayMs: number, run: () => void): Happening {
    return this.at(this.#nowMs + delayMs, run)
  }

  /** Runs everything due up to `untilMs`, included, then stands at that time. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; ) {
      this.#pop()
      if (!next.cancelled) {
        this.#nowMs = next.atMs
        next.run()
      }
      next = this.#heap[0]
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(item: Happening): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(item)
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(item, parent)) break
      heap[index] = parent
      index = above
    }
    heap[index] = item
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
      if (sibling !== undefined && isBefore(sibling, child)) {
        child = sibling
        below += 1
      }
      if (!isBefore(child, last)) break
      heap[index] = child
      index = below
    }
    heap[index] = last
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
