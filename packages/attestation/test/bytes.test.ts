import assert from 'node:assert/strict'
import {
  areEqual,
  compareBytes,
  fromHex,
  fromText,
  isText,
  toBits,
  toHex,
  toSigned,
  toText,
} from '@watchfire/attestation'
import * as fc from 'fast-check'

describe('bytes', () => {
  it('go to lower-case hex and back, from either case', () => {
    fc.assert(
      // Digests go another way than the rest.
      fc.property(
        fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 31, maxLength: 33 })),
        (bytes) => {
          assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'))
          assert.deepEqual(fromHex(toHex(bytes).toUpperCase()), bytes)
        },
      ),
    )
    assert.throws(() => fromHex('0'))
    assert.throws(() => fromHex('zz'))
  })

  it('carry signed 64-bit numbers as their two’s complement (SPEC 1)', () => {
    assert.equal(toBits(-1n), 2n ** 64n - 1n)
    assert.equal(toBits(-(2n ** 63n)), 2n ** 63n)
    assert.equal(toSigned(2n ** 63n - 1n), 2n ** 63n - 1n)
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        assert.equal(toSigned(toBits(value)), value)
      }),
    )
    assert.throws(() => toBits(2n ** 63n), RangeError)
    assert.throws(() => toBits(-(2n ** 63n) - 1n), RangeError)
  })

  it('hold printable ASCII as text, and show anything else without harm to a terminal', () => {
    const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => i + 0x20))
    assert.equal(toText(fromText(printable)), printable)
    assert.ok(isText(fromText(printable)))
    for (const text of ['\n', '\x7f', '\x1f', 'é', '😀']) {
      assert.throws(() => fromText(text), RangeError)
    }
    assert.equal(toText(new Uint8Array([0x61, 0x1b, 0x5b, 0xff])), 'a\\x1b[\\xff')
    assert.equal(isText(new Uint8Array([0x1f])), false)
    assert.equal(isText(new Uint8Array([0x7f])), false)
  })

  it('compare by value, the shorter first where one begins the other', () => {
    const arbitrary = fc.uint8Array({ maxLength: 4 })
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b))
        assert.equal(areEqual(a, b), Buffer.compare(a, b) === 0)
      }),
    )
  })
})
