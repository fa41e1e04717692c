import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { getDistance, getRobustMedian } from '../../src/parts/robust-median.ts'

const find = (prices: readonly number[], outlierBpMax = 100) =>
  getRobustMedian(prices.map(BigInt), outlierBpMax)

describe('robust median', () => {
  it('is the middle price, or the mean of the two in the middle', () => {
    assert.deepEqual(find([10_020, 10_000, 10_010]), {
      median: 10_010n,
      kept: [0, 1, 2],
      spread: 1998n,
    })
    assert.equal(find([10_000, 10_001, 10_004, 10_009])?.median, 10_002n)
    assert.equal(find([7])?.median, 7n)
    assert.equal(find([]), undefined)
  })

  it('leaves out a price that is further from the median of all than the bound, on either side', () => {
    assert.deepEqual(find([10_000, 10_100, 10_101, 10_000, 10_000])?.kept, [0, 1, 3, 4])
    assert.deepEqual(find([10_000, 9900, 9899, 10_000, 10_000])?.kept, [0, 1, 3, 4])
    const result = find([10_000, 50_000, 10_002])
    assert.deepEqual(result, {
      median: 10_001n,
      kept: [0, 2],
      spread: (1n * 2n * 1_000_000n) / 10_001n,
    })
  })

  it('is none where no more than half of the prices are near one another', () => {
    assert.equal(find([10_000, 20_000]), undefined)
    assert.equal(find([10_000, 20_000, 30_000]), undefined)
    assert.equal(find([10_000, 10_000, 20_000, 20_000]), undefined)
    assert.equal(find([10_000, 10_000, 10_000, 20_000, 30_000])?.median, 10_000n)
  })

  it('lies among the honest prices whatever a minority says, and is the same in any order', () => {
    const honest = fc.array(fc.bigInt(1_000_000n, 1_002_000n), { minLength: 3, maxLength: 4 })
    const lies = fc.array(fc.bigInt(1n, 10n ** 40n), { maxLength: 2 })
    fc.assert(
      fc.property(honest, lies, fc.nat(), (truths, all, turn) => {
        const lied = all.slice(0, truths.length - 1)
        const prices = [...truths, ...lied]
        const result = getRobustMedian(prices, 100)
        assert.ok(result !== undefined)
        const sorted = truths.toSorted((a, b) => Number(a - b))
        assert.ok(result.median >= (sorted[0] ?? 0n) && result.median <= (sorted.at(-1) ?? 0n))
        const by = turn % prices.length
        const turned = getRobustMedian([...prices.slice(by), ...prices.slice(0, by)], 100)
        assert.deepEqual([turned?.median, turned?.spread], [result.median, result.spread])
      }),
    )
  })

  it('tells a distance in hundredths of a basis point, without its sign', () => {
    assert.equal(getDistance(10_100n, 10_000n), 10_000n)
    assert.equal(getDistance(9900n, 10_000n), 10_000n)
    assert.equal(getDistance(0n, 3n), 1_000_000n)
    assert.equal(getDistance(-3n, 3n), 2_000_000n)
    assert.equal(getDistance(3_000_000n, 3_000_001n), 0n)
  })
})
