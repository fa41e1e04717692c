import assert from 'node:assert/strict'
import { assert as assertProperty, double, property } from 'fast-check'
import { fitsSignal, readDecimal, toScale } from '../../src/parts/decimal.ts'

const scale = (text: string, digits: number) => {
  const decimal = readDecimal(text)
  return decimal === undefined ? undefined : toScale(decimal, digits)
}

describe('decimal', () => {
  it('reads what people and programs write, exactly', () => {
    assert.equal(scale('12', 2), 1200n)
    assert.equal(scale('-0.5', 1), -5n)
    assert.equal(scale('+.25', 2), 25n)
    assert.equal(scale('7.', 0), 7n)
    assert.equal(scale('1.5e-7', 8), 15n)
    assert.equal(scale('2E3', 0), 2000n)
    assert.equal(scale('0.1', 18), 100_000_000_000_000_000n)
    assert.equal(scale('123456789012345678901234567890', 0), 123456789012345678901234567890n)
  })

  it('cuts towards 0 what the scale does not hold', () => {
    assert.equal(scale('1.99', 0), 1n)
    assert.equal(scale('-1.99', 0), -1n)
    assert.equal(scale('0.000000001', 8), 0n)
  })

  it('knows no other text, and none that grows without bound', () => {
    for (const text of [
      '',
      '.',
      '-',
      'e5',
      '1e',
      '0x10',
      '1,5',
      ' 1',
      '1 ',
      'NaN',
      'Inf',
      '1e9999',
    ]) {
      assert.equal(readDecimal(text), undefined, text)
    }
    assert.equal(readDecimal('9'.repeat(201)), undefined)
    assert.equal(readDecimal('1e101'), undefined)
  })

  it('reads every number that JavaScript writes as JavaScript does', () => {
    assertProperty(
      property(double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const decimal = readDecimal(String(value))
        if (decimal === undefined) return Math.abs(value) > 1e80 || Math.abs(value) < 1e-80
        return Number(`${decimal.mantissa}e${-decimal.decimals}`) === value
      }),
    )
  })

  it('tells what a signal of 64 bits holds', () => {
    assert.ok(fitsSignal(2n ** 63n - 1n) && fitsSignal(-(2n ** 63n)))
    assert.ok(!fitsSignal(2n ** 63n) && !fitsSignal(-(2n ** 63n) - 1n))
  })
})
