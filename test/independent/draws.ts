import assert from 'node:assert/strict'
import * as fc from 'fast-check'

/** Choices of one case, used up in order; the same for the same seed. */
export class Draws {
  readonly #numbers: readonly number[]
  #at = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** @returns an integer from 0 to `count` − 1; after the last drawn number the first come again */
  below(count: number): number {
    const number = this.#numbers[this.#at++ % this.#numbers.length]
    assert.ok(number !== undefined && count > 0)
    return number % count
  }

  /** True once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    assert.ok(item !== undefined)
    return item
  }
}

const NUMBERS_PER_CASE = 499
const NUMBER_MAX = 2 ** 31 - 1

/** The choices of `count` cases. */
export function drawCases(seed: number, count: number): Draws[] {
  const number = fc.noBias(fc.integer({ min: 0, max: NUMBER_MAX }))
  const numbers = fc.array(number, { minLength: NUMBERS_PER_CASE, maxLength: NUMBERS_PER_CASE })
  return fc.sample(numbers, { seed, numRuns: count }).map((drawn) => new Draws(drawn))
}
