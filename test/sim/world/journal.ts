import type { Prng } from './prng.ts'

/**
 * A file that is only appended to, on a disk that keeps what was flushed. What was not may be lost
 * when the power goes, from some write on; it is kept when only the process dies.
 */
export class Journal<T> {
  readonly #records: T[] = []
  #flushed = 0

  append(record: T): void {
    this.#records.push(record)
  }

  flush(): void {
    this.#flushed = this.#records.length
  }

  /** What was not flushed is not there any more. */
  rollBack(): void {
    this.#records.length = this.#flushed
  }

  get isFlushed(): boolean {
    return this.#records.length === this.#flushed
  }

  /** All that the process would read now. */
  get records(): readonly T[] {
    return this.#records
  }

  /** How many of `records`, from the first, outlive a power cut. */
  get flushedCount(): number {
    return this.#flushed
  }

  /** The power goes: of what was not flushed, a part from the start survives. @returns how many were lost */
  losePower(prng: Prng): number {
    const pending = this.#records.length - this.#flushed
    const kept = pending === 0 ? 0 : prng.between(0, pending)
    this.#records.length = this.#flushed + kept
    this.#flushed = this.#records.length
    return pending - kept
  }

  /** The file is gone. */
  wipe(): void {
    this.#records.length = 0
    this.#flushed = 0
  }
}
