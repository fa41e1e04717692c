import { encodeParams, fromText, type ProbeParams, toHex } from '@watchfire/attestation'
import type { Json } from '../../packages/attestation/test/support/network-fixture.ts'
import { concat, type VectorFile } from './vector-values.ts'

const ACCEPTED: readonly [string, { readonly [key: string]: Json }][] = [
  ['nothing', {}],
  ['keys by code unit', { é: 1, z: 2, Z: 3, '10': 4, '9': 5, '': 6, '\ufb33': 7, '\u{1f600}': 8 }],
  ['every kind of value', { a: [true, false, null, 'x', 0, -1, { b: [] }] }],
  ['the greatest integers', { a: 9_007_199_254_740_991, b: -9_007_199_254_740_991 }],
  ['escapes', { a: '"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028' }],
  ['a lone surrogate', { a: '\ud800' }],
]

const REJECTED: readonly [string, string][] = [
  ['white space', '{ }'],
  ['keys out of order', '{"b":1,"a":2}'],
  ['a key twice', '{"a":1,"a":1}'],
  ['a fraction', '{"a":0.5}'],
  ['an integer written as a fraction', '{"a":1.0}'],
  ['an exponent', '{"a":1e3}'],
  ['minus zero', '{"a":-0}'],
  ['an integer beyond 2^53', '{"a":9007199254740992}'],
  ['an escape that is not needed', '{"a":"\\u0041"}'],
  ['an escaped slash', '{"a":"\\/"}'],
  ['an escape in upper case', '{"a":"\\u001F"}'],
  ['a list', '[]'],
  ['a number', '1'],
  ['null', 'null'],
  ['cut short', '{"a":1'],
  ['nothing at all', ''],
  ['nested 9 deep', `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`],
]

/** Canonical JSON of probe parameters (SPEC 4.2). */
export const paramsVectors: VectorFile = {
  name: 'params',
  make: () => ({
    accepted: ACCEPTED.map(([name, value]) => ({
      name,
      value,
      bytes: toHex(encodeParams(value satisfies ProbeParams)),
    })),
    rejected: [
      ...REJECTED.map(([name, text]) => ({ name, bytes: toHex(Buffer.from(text)) })),
      {
        name: 'not UTF-8',
        bytes: toHex(concat(fromText('{"a":"'), Uint8Array.of(0xff), fromText('"}'))),
      },
      {
        name: 'a mark of byte order',
        bytes: toHex(concat(Uint8Array.of(0xef, 0xbb, 0xbf), fromText('{}'))),
      },
    ],
  }),
}
