import assert from 'node:assert/strict'
import { followPointer, parseExactJson } from '../../src/parts/exact-json.ts'

describe('exact JSON', () => {
  it('keeps every digit of a number, and everything else as it is', () => {
    const text = '{"a":0.10000000000000000001,"b":[1e400,-2,9007199254740993],"c":"7","d":null}'
    assert.deepEqual(parseExactJson(text), {
      a: '0.10000000000000000001',
      b: ['1e400', '-2', '9007199254740993'],
      c: '7',
      d: null,
    })
    assert.equal(parseExactJson('1.50'), '1.50')
    assert.throws(() => parseExactJson('{"a":'), SyntaxError)
  })

  it('is followed by pointers into objects and lists, own properties only', () => {
    const document = { 'a/b': { '~': [{ '': 'deep' }] }, 0: 'zero', list: ['x', 'y'] }
    for (const [pointer, found] of [
      ['/a~1b/~0/0/', 'deep'],
      ['/0', 'zero'],
      ['/list/1', 'y'],
      ['/list/2', undefined],
      ['/list/01', undefined],
      ['/list/length', undefined],
      ['/list/-1', undefined],
      ['/toString', undefined],
      ['/__proto__', undefined],
      ['/a/b', undefined],
      ['/list/0/0', undefined],
    ] as const) {
      assert.equal(followPointer(document, pointer), found, pointer)
    }
    assert.equal(followPointer(document, ''), document)
  })
})
