import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { drawStarts, SPREAD_PART } from '../../src/schedule/spread.ts'
import { makeRandom } from '../seeded-random.ts'

/** Beyond its share, what a stretch of the window may hold (docs/probes.md), and one for whole milliseconds. */
const EXCESS_MAX = 6

/** The most by which a stretch of time holds more than its share, of `count` in `windowMs`. */
function getExcess(startsMs: readonly number[], windowMs: number): number {
  const share = startsMs.length / windowMs
  let least = Number.POSITIVE_INFINITY
  let excess = 0
  for (const [rank, ms] of startsMs.toSorted((a, b) => a - b).entries()) {
    least = Math.min(least, rank - ms * share)
    excess = Math.max(excess, rank + 1 - ms * share - least)
  }
  return excess
}

const groups = fc.array(
  fc.record({
    spareMs: fc.integer({ min: 0, max: 20_000 }),
    count: fc.integer({ min: 1, max: 600 }),
  }),
  { minLength: 1, maxLength: 5 },
)

describe('the beginnings of a round’s probes', () => {
  it('lie within the part of its time that each has to spare', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { maxLength: 300 }), fc.nat(), (sparesMs, seed) => {
        const starts = drawStarts(sparesMs, makeRandom(seed))
        assert.equal(starts.length, sparesMs.length)
        for (const [index, ms] of starts.entries()) {
          const windowMs = (sparesMs[index] ?? 0) * SPREAD_PART
          assert.ok(Number.isSafeInteger(ms) && ms >= 0 && ms <= windowMs, `${ms} of ${windowMs}`)
        }
      }),
    )
  })

  it('are flat: in no stretch of time more than its share, for each group of targets', () => {
    fc.assert(
      fc.property(groups, fc.nat(), (drawn, seed) => {
        const sparesMs = drawn.flatMap(({ spareMs, count }) => Array<number>(count).fill(spareMs))
        const starts = drawStarts(sparesMs, makeRandom(seed))
        for (const spareMs of new Set(sparesMs)) {
          const own = starts.filter((_, index) => sparesMs[index] === spareMs)
          // A millisecond is the least that is told apart.
          const windowMs = Math.max(1, Math.floor(spareMs * SPREAD_PART))
          const share = own.length / windowMs
          const excess = getExcess(own, windowMs)
          assert.ok(excess <= EXCESS_MAX + share, `${excess} more than ${share} a ms`)
        }
      }),
    )
  })

  it('are flat where every target has another time to spare', () => {
    const sparesMs = Array.from({ length: 1000 }, (_, index) => 10_000 + index)
    const starts = drawStarts(sparesMs, makeRandom(5))
    const early = starts.filter((ms) => ms < 900).length
    // All have 9 s or a little more: a tenth of that holds a tenth of them, less up to a tenth.
    assert.ok(early >= 85 && early <= 106, `${early} in the first tenth`)
  })

  it('are drawn anew each round, a target anywhere, whatever the others have', () => {
    const random = makeRandom(7)
    const sparesMs = Array.from({ length: 50 }, () => 1000)
    const seen = Array.from({ length: 400 }, () => drawStarts(sparesMs, random))
    for (const target of [0, 49]) {
      const own = seen.map((starts) => starts[target] ?? Number.NaN)
      for (const fromMs of [0, 300, 600]) {
        const count = own.filter((ms) => ms >= fromMs && ms < fromMs + 300).length
        // A third of 400, within five deviations.
        assert.ok(count > 86 && count < 181, `${count} of 400 in a third of the window`)
      }
    }
    const ahead = seen.filter((starts) => (starts[0] ?? 0) < (starts[1] ?? 0)).length
    assert.ok(ahead > 175 && ahead < 225, `one before the other ${ahead} times of 400`)
  })

  it('are anywhere for a target that is alone, too', () => {
    const random = makeRandom(3)
    const own = Array.from({ length: 300 }, () => drawStarts([1000], random)[0] ?? Number.NaN)
    for (const fromMs of [0, 250, 500]) {
      const count = own.filter((ms) => ms >= fromMs && ms < fromMs + 250).length
      assert.ok(count > 60 && count < 140, `${count} of 300 in a third of the window`)
    }
  })

  it('leave two monitors to ask a target at moments of their own', () => {
    const sparesMs = Array.from({ length: 200 }, () => 1000)
    const [mine, theirs] = [makeRandom(1), makeRandom(2)].map((r) => drawStarts(sparesMs, r))
    const together = mine?.filter((ms, index) => Math.abs(ms - (theirs?.[index] ?? 0)) < 10).length
    // Within 10 ms of 750 either way by chance: one in 38.
    assert.ok(together !== undefined && together <= 20, `${together} of 200 at one instant`)
  })
})
