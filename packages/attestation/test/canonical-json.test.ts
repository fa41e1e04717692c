import assert from 'node:assert/strict'
import { canonicalJson, UncanonicalError } from '@watchfire/attestation'
import * as fc from 'fast-check'

describe('canonicalJson (SPEC 4.2)', () => {
  it('is known to the byte', () => {
    const cases: [unknown, string][] = [
      [{ b: 1, a: [true, null, 'x'], '': {} }, '{"":{},"a":[true,null,"x"],"b":1}'],
      [{ é: 1, z: 2, Z: 3, '10': 4, '9': 5 }, '{"10":4,"9":5,"Z":3,"z":2,"é":1}'],
      // By code unit: a surrogate pair sorts before U+FB33, though its code point is higher.
      [{ '\ufb33': 1, '\u{1f600}': 2 }, '{"\u{1f600}":2,"\ufb33":1}'],
      ['\u0000\n"\\/\u007f', '"\\u0000\\n\\"\\\\/\u007f"'],
      ['\ud800', '"\\ud800"'],
      [-0, '0'],
      [2 ** 53 - 1, '9007199254740991'],
      [[], '[]'],
    ]
    for (const [value, expected] of cases) assert.equal(canonicalJson(value), expected)
  })

  it('does not depend on the order in which keys were set', () => {
    const arbitrary = fc.dictionary(fc.string(), fc.integer(), { noNullPrototype: true })
    fc.assert(
      fc.property(arbitrary, (object) => {
        const reversed = Object.fromEntries(Object.entries(object).toReversed())
        assert.equal(canonicalJson(object), canonicalJson(reversed))
        assert.deepEqual(JSON.parse(canonicalJson(object)), object)
      }),
    )
  })

  it('refuses what it has no form for, naming the place', () => {
    const cases: [unknown, (string | number)[]][] = [
      [undefined, []],
      [{ a: undefined }, ['a']],
      [{ a: [0.5] }, ['a', 0]],
      [[Number.NaN], [0]],
      [2 ** 53, []],
      [10n, []],
      [{ a: () => 1 }, ['a']],
      [{ a: new Map() }, ['a']],
      // A hole in a list.
      [Array.from({ length: 2 }), [0]],
    ]
    for (const [value, path] of cases) {
      assert.throws(
        () => canonicalJson(value),
        (error) => error instanceof UncanonicalError && error.path.join('.') === path.join('.'),
      )
    }
  })

  it('ends for values that contain themselves, and for those that only look small', () => {
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    assert.throws(() => canonicalJson(loop), UncanonicalError)
    const bomb = Array.from({ length: 60 }).reduce<unknown>((inner) => [inner, inner], 'x')
    const bounds = { depthMax: 64, lengthMax: 4096 }
    assert.throws(() => canonicalJson(bomb, bounds), UncanonicalError)
  })

  it('counts levels and length exactly', () => {
    assert.equal(canonicalJson([[]], { depthMax: 2, lengthMax: 4 }), '[[]]')
    assert.throws(() => canonicalJson([[]], { depthMax: 1, lengthMax: 4 }), UncanonicalError)
    assert.throws(() => canonicalJson([[]], { depthMax: 2, lengthMax: 3 }), UncanonicalError)
  })
})
