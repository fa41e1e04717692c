import type { UnixMs } from '@watchfire/attestation'
import type { EventQueue, Happening } from './event-queue.ts'

/** How a life ends. */
export type CrashKind = 'kill' | 'power' | 'wipe'

/** Thrown where a node dies between two of its operations. */
class Death extends Error {}

/** The log names what its disk throws. */
function isDeath(error: unknown): boolean {
  if (error instanceof Death) return true
  return error instanceof Error && isDeath(error.cause)
}

/** What a life's end and errors are told to. */
export interface Mourners {
  /** Something threw, and the node stops. @returns whether it may be started again */
  onThrow(error: unknown): boolean
  /** What happens to the disk. */
  onDeath(kind: CrashKind): void
  /** The life is over: what was in memory is gone. */
  onGone(): void
}

/** The lives of a node's process, one after another, and the clock it reads. */
export class Life {
  isUp = false
  /** Whether its own code threw: it stays down. */
  isBroken = false
  /** Restarts so far. */
  number = 0
  readonly #queue: EventQueue
  readonly #mourners: Mourners
  readonly #driftPpm: number
  #clockOffsetMs: number
  /** Virtual time at which the clock was set. */
  #setAtMs: number
  #opsLeft: number | undefined
  #crashKind: CrashKind = 'kill'

  constructor(
    queue: EventQueue,
    clock: { readonly clockOffsetMs: number; readonly driftPpm: number },
    mourners: Mourners,
  ) {
    this.#queue = queue
    this.#driftPpm = clock.driftPpm
    this.#clockOffsetMs = clock.clockOffsetMs
    this.#setAtMs = queue.nowMs
    this.#mourners = mourners
  }

  /** The node's clock less the world's. */
  get clockOffsetMs(): number {
    const drifted = ((this.#queue.nowMs - this.#setAtMs) * this.#driftPpm) / 1e6
    return this.#clockOffsetMs + Math.floor(drifted)
  }

  set clockOffsetMs(offsetMs: number) {
    this.#clockOffsetMs = offsetMs
    this.#setAtMs = this.#queue.nowMs
  }

  /** The node's wall clock. */
  get nowMs(): UnixMs {
    return (this.#queue.nowMs + this.clockOffsetMs) as UnixMs
  }

  /** Dies now, or after some more operations: between two writes, or a write and what follows. */
  crash(kind: CrashKind, afterOps: number): void {
    this.#crashKind = kind
    if (afterOps === 0 || !this.isUp) this.#die()
    else this.#opsLeft = afterOps
  }

  /** Dies if a crash is still waiting for its operation. */
  crashNow(): void {
    if (this.#opsLeft !== undefined) this.#die()
  }

  /** Called after each operation: a crash may come there. */
  op(): void {
    if (this.#opsLeft === undefined) return
    this.#opsLeft -= 1
    if (this.#opsLeft <= 0) throw new Death('the crash that was waiting')
  }

  /** Runs what belongs to this life; an error of the core ends the node and is a violation. */
  guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!isDeath(error)) {
        this.isBroken = !this.#mourners.onThrow(error)
        this.#crashKind = 'kill'
      }
      this.#die()
    }
  }

  /** Runs `run` later in this life, at a time by this node's clock. */
  at(localMs: number, run: () => void): Happening {
    const { number } = this
    const leftMs = Math.max(0, localMs - this.nowMs)
    // A clock that drifts has moved on by then; a millisecond late, so that it is never early.
    const waitMs = this.#driftPpm === 0 ? leftMs : leftMs / (1 + this.#driftPpm / 1e6) + 1
    return this.#queue.after(waitMs, () => {
      if (this.isUp && this.number === number) this.guard(run)
    })
  }

  /** Runs `run` later in this life, after a delay. */
  after(delayMs: number, run: () => void): Happening {
    return this.at(this.nowMs + delayMs, run)
  }

  #die(): void {
    this.#mourners.onDeath(this.#crashKind)
    this.isUp = false
    this.number += 1
    this.#opsLeft = undefined
    this.#mourners.onGone()
  }
}
