import { createHash } from 'node:crypto'

/** Lines kept to be shown when something goes wrong. */
const TAIL_LINES = 400
/** Lines hashed in one go: a call into the hash costs more than a line. */
const BATCH_LINES = 256

/** All that happened in a run: hashed as a whole, its end kept in words. */
export class Trace {
  readonly #hash = createHash('sha256')
  #batch: string[] = []
  #before: string[] = []
  #count = 0

  add(line: string): void {
    this.#count += 1
    this.#batch.push(line)
    if (this.#batch.length === BATCH_LINES) this.#seal()
  }

  /** Lines so far. */
  get count(): number {
    return this.#count
  }

  /** The last lines, oldest first. */
  getTail(): readonly string[] {
    return [...this.#before, ...this.#batch].slice(-TAIL_LINES)
  }

  /** Ends the trace. @returns the hash of all lines, in hex */
  close(): string {
    this.#seal()
    return this.#hash.digest('hex')
  }

  #seal(): void {
    if (this.#batch.length === 0) return
    this.#hash.update(`${this.#batch.join('\n')}\n`)
    this.#before = [...this.#before, ...this.#batch].slice(-TAIL_LINES)
    this.#batch = []
  }
}

/** A short name for bytes in a trace (FNV-1a): two runs differ in it where they differ in a byte. */
export function getFingerprint(bytes: Uint8Array): string {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
