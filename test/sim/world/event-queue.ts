/** Something that will happen, unless it is cancelled before. */
export interface Happening {
  readonly atMs: number
  readonly run: () => void
  cancelled: boolean
}

/**
 * What may happen from one look at the world to the next: many times as much as in the busiest of the
 * largest. More is a storm that feeds itself, as of two vices that answer each other's messages, and
 * would go on until memory ends.
 */
const HAPPENINGS_MAX = 1_000_000

/**
 * Virtual time. What is due at the same millisecond happens in the order in which it was asked for,
 * so a run depends on nothing but its seed.
 */
export class EventQueue {
  readonly #startMs: number
  #nowMs: number
  /**
   * What is due, by millisecond since the start. To go through them all costs less than to keep the next
   * one at hand: a run is some tens of thousands, and something is due in many.
   */
  readonly #byMs: (Happening[] | undefined)[] = []

  constructor(startMs: number) {
    this.#startMs = startMs
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
    const index = dueMs - this.#startMs
    const due = this.#byMs[index]
    if (due === undefined) this.#byMs[index] = [happening]
    else due.push(happening)
    return happening
  }

  after(delayMs: number, run: () => void): Happening {
    return this.at(this.#nowMs + delayMs, run)
  }

  /**
   * Runs everything due up to `untilMs`, included, then stands at that time.
   *
   * @throws Error if that is more than {@link HAPPENINGS_MAX}
   */
  runUntil(untilMs: number): void {
    let happened = 0
    for (let atMs = this.#nowMs; atMs <= untilMs; atMs++) {
      const due = this.#byMs[atMs - this.#startMs]
      if (due === undefined) continue
      this.#nowMs = atMs
      // What happens may ask for more in the same millisecond: the list grows while it is gone through.
      for (let index = 0; index < due.length; index++) {
        const happening = due[index]
        happened += 1
        if (happened > HAPPENINGS_MAX) {
          throw new Error(
            `over ${HAPPENINGS_MAX} happenings until ${untilMs} ms: a storm without end`,
          )
        }
        if (happening?.cancelled === false) happening.run()
      }
      this.#byMs[atMs - this.#startMs] = undefined
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }
}
