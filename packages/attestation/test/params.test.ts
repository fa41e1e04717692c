import assert from 'node:assert/strict'
import { decodeParams, encodeParams, fromText } from '@watchfire/attestation'
import * as fc from 'fast-check'

describe('params (SPEC 4.2)', () => {
  it('decode to what was encoded', () => {
    const value = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      tree: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).tree
    const params = fc.dictionary(fc.string(), value, { maxKeys: 3, noNullPrototype: true })
    fc.assert(
      fc.property(params, (each) => {
        assert.deepEqual(decodeParams(encodeParams(each)), each)
      }),
    )
  })

  it('are refused in any other form of the same JSON, and as anything but an object', () => {
    const texts = [
      '{ }',
      '{"b":1,"a":2}',
      '{"a":1,"a":1}',
      '{"a":1.0}',
      '{"a":1e3}',
      '{"a":-0}',
      '{"a":"\\u0041"}',
      '{"a":1}\n',
      '[]',
      '1',
      'null',
      '"{}"',
      '{',
      '',
    ]
    for (const text of texts) assert.equal(decodeParams(Buffer.from(text)), undefined, text)
    assert.deepEqual(decodeParams(fromText('{"a":2,"b":1}')), { a: 2, b: 1 })
  })

  it('are refused when they are not UTF-8, begin with a mark of byte order, or nest too deep', () => {
    assert.equal(
      decodeParams(Uint8Array.from([...fromText('{"a":"'), 0xff, ...fromText('"}')])),
      undefined,
    )
    assert.equal(decodeParams(Uint8Array.from([0xef, 0xbb, 0xbf, ...fromText('{}')])), undefined)
    const nest = (levels: number) => fromText(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
    assert.notEqual(decodeParams(nest(8)), undefined)
    assert.equal(decodeParams(nest(9)), undefined)
  })

  it('keep a key named __proto__ as a key', () => {
    const bytes = fromText('{"__proto__":{"a":1}}')
    assert.deepEqual(Object.keys(decodeParams(bytes) ?? {}), ['__proto__'])
  })
})
