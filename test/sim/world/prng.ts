import { hash } from 'node:crypto'

/** The only source of chance in the simulator: what it draws depends on the seed and the label alone. */
export class Prng {
  #a: number
  #b: number
  #c: number
  #counter = 1
  readonly #label: string

  /** @param label names the stream; two labels of one seed give unrelated streams */
  constructor(seed: number, label: string) {
    this.#label = `${seed}/${label}`
    const digest = hash('sha256', this.#label, 'buffer')
    this.#a = digest.readInt32LE(0)
    this.#b = digest.readInt32LE(4)
    this.#c = digest.readInt32LE(8)
    for (let i = 0; i < 12; i++) this.next()
  }

  /** @returns an integer from 0 to 2^32 − 1 (the generator is sfc32) */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  /** @returns an integer from `low` to `high`, both included */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1))
  }

  /** True in `perMille` of a thousand cases. */
  chance(perMille: number): boolean {
    return this.next() % 1000 < perMille
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.next() % items.length]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.next() % (i + 1)
      const [left, right] = [out[i], out[j]]
      if (left === undefined || right === undefined) throw new Error('an index out of the list')
      out[i] = right
      out[j] = left
    }
    return out
  }
}
