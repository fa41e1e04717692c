import assert from 'node:assert/strict'
import { assert as assertProperty, bigInt, nat, property } from 'fast-check'
import { formatQuantity, formatScaled } from '../src/index.ts'

describe('formatScaled', () => {
  it('writes the number exactly', () => {
    assert.equal(formatScaled(199_950_000_000n, 8), '1999.5')
    assert.equal(formatScaled(-1n, 8), '-0.00000001')
    assert.equal(formatScaled(0n, 18), '0')
    assert.equal(formatScaled(-(2n ** 63n), 18), '-9.223372036854775808')
    assert.equal(formatScaled(1200n, 2), '12')
    assert.equal(formatScaled(42n, 0), '42')
  })

  it('loses nothing, whatever the number and scale', () => {
    assertProperty(
      property(bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), nat(18), (value, scale) => {
        const [whole = '', fraction = ''] = formatScaled(value, scale).split('.')
        assert.ok(fraction.length <= scale)
        assert.equal(
          BigInt(whole.replace('-', '') + fraction.padEnd(scale, '0')),
          value < 0n ? -value : value,
        )
        assert.equal(whole.startsWith('-'), value < 0n)
      }),
    )
  })
})

describe('formatQuantity', () => {
  it('writes durations as a person reads them', () => {
    assert.equal(formatQuantity(12_345n, 0, 'us'), '12.3 ms')
    assert.equal(formatQuantity(845n, 0, 'us'), '0.845 ms')
    assert.equal(formatQuantity(2_500_000n, 0, 'us'), '2.5 s')
    assert.equal(formatQuantity(1500n, 0, 'ms'), '1.5 s')
  })

  it('puts the unit after anything else, if there is one', () => {
    assert.equal(formatQuantity(199_950_000_000n, 8, 'USD'), '1999.5 USD')
    assert.equal(formatQuantity(17n, 0, ''), '17')
  })
})
