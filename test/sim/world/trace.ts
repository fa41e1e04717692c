/** Lines kept to be shown when something goes wrong. */
const TAIL_LINES = 400

/** A line, or what makes one when it is asked for: most are never read. */
type Line = string | (() => string)

/** All that happened in a run: hashed as a whole, its end kept in words. */
export class Trace {
  #left = 0x811c9dc5
  #right = 0x01000193
  readonly #tail: Line[] = []
  #count = 0

  add(line: string): void {
    for (let index = 0; index < line.length; index++) this.#mix(line.charCodeAt(index))
    this.#keep(line)
  }

  /**
   * As `add`, for what happens all the time.
   *
   * @param numbers tell this line from all others
   * @param describe the line in words
   */
  addNumbers(numbers: readonly number[], describe: () => string): void {
    for (const number of numbers) this.#mix(number)
    this.#keep(describe)
  }

  /** Lines so far. */
  get count(): number {
    return this.#count
  }

  /** The last lines, oldest first. */
  getTail(): readonly string[] {
    const at = this.#count % TAIL_LINES
    const inOrder = [...this.#tail.slice(at), ...this.#tail.slice(0, at)]
    return inOrder.map((line) => (typeof line === 'string' ? line : line()))
  }

  /** A hash of all lines so far, in hex: two lanes of a multiplicative hash, 64 bits. */
  get hash(): string {
    return [this.#left, this.#right].map((lane) => toHex32(lane)).join('')
  }

  #keep(line: Line): void {
    this.#tail[this.#count % TAIL_LINES] = line
    this.#count += 1
    this.#mix(0x0a)
  }

  #mix(value: number): void {
    this.#left = Math.imul(this.#left ^ value, 0x01000193)
    this.#right = Math.imul((this.#right << 13) | (this.#right >>> 19), 0x9e3779b1) ^ value
  }
}

function toHex32(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0')
}

/** A short number for bytes in a trace (FNV-1a): two runs differ in it where they differ in a byte. */
export function getFingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** As {@link getFingerprint}, worked out once for each bytes object: these must not change in place. */
export function makeFingerprints(): (bytes: Uint8Array) => number {
  const known = new Map<Uint8Array, number>()
  return (bytes) => {
    let print = known.get(bytes)
    if (print === undefined) {
      print = getFingerprint(bytes)
      known.set(bytes, print)
    }
    return print
  }
}
