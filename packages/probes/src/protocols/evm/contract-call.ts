import { type Static, Type } from 'typebox'
import type { KindSignal, ParamsProblem, Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { readSignedWord, readWord, WORD_BYTES } from './abi.ts'
import { parseFunction } from './contract-function.ts'
import { type Decimal, fitsSignal, toScale } from '../../parts/decimal.ts'
import { scaleSchema, signalNameSchema, strictObject, unitSchema } from '../../parts/schemas.ts'

/** A read-only call that becomes a signal: by a signature, or by its bytes. */
export const callSchema = strictObject({
  signal: signalNameSchema,
  address: Type.String({ pattern: '^0x[0-9a-fA-F]{40}$', description: 'The contract.' }),
  function: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '^[ -~]*$',
      examples: ['utilization() view returns (uint256)'],
      description: 'The function’s signature; or else `data`.',
    }),
  ),
  args: Type.Array(Type.String({ maxLength: 256 }), {
    default: [],
    maxItems: 8,
    description: 'Arguments of `function` as text: numbers, addresses, bytes, true or false.',
  }),
  output: Type.String({
    default: '0',
    maxLength: 128,
    pattern: '^[A-Za-z0-9_$]+([.][A-Za-z0-9_$]+)*$',
    description:
      'Which output of `function`, by place or name, and inside of it: 0, rate, 0.rate. Of a list ' +
      'it is how many it holds.',
  }),
  data: Type.Optional(
    Type.String({
      pattern: '^0x([0-9a-fA-F]{2}){4,512}$',
      description: 'The call in hex: the function’s selector and its arguments.',
    }),
  ),
  word: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 63,
    description: 'Which word of what `data` makes it return.',
  }),
  type: Type.Union([Type.Literal('uint'), Type.Literal('int'), Type.Literal('bool')], {
    default: 'uint',
    description: 'What that word is.',
  }),
  decimals: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 36,
    description: 'Decimal digits of the number returned.',
  }),
  unit: unitSchema,
  scale: scaleSchema,
})
export type CallParams = Static<typeof callSchema>

/** What the schema cannot say of a call. Paths begin at it. */
export function checkCall(call: CallParams): readonly ParamsProblem[] {
  const { function: signature, data, args, output } = call
  if (signature === undefined) {
    return data === undefined
      ? [
          {
            path: ['function'],
            code: 'missing-param',
            expected: 'a signature, or data in its place',
          },
        ]
      : []
  }
  if (data !== undefined) {
    return [{ path: ['data'], code: 'unused-param', expected: 'nothing: the function says it all' }]
  }
  const parsed = parseFunction(signature, args, output)
  return parsed.ok
    ? []
    : [{ path: [parsed.field], code: 'bad-function', expected: parsed.expected }]
}

/** The bytes of the call, and how to read what it returns. */
export function makeCall(call: CallParams): {
  readonly data: string
  read(bytes: Uint8Array): Step<Decimal>
} {
  const { function: signature, data = '', args, output, signal, decimals } = call
  if (signature === undefined) return { data, read: (bytes) => readWordOf(call, bytes) }
  const parsed = parseFunction(signature, args, output)
  // The check of parameters lets none through that is no function.
  if (!parsed.ok) throw new TypeError(`${signal}: expected ${parsed.expected}`)
  return {
    data: parsed.call.data,
    read(bytes) {
      const read = parsed.call.read(bytes)
      return read.ok ? done({ mantissa: read.value, decimals }) : read
    },
  }
}

function readWordOf({ word, type, decimals }: CallParams, bytes: Uint8Array): Step<Decimal> {
  if (bytes.length < (word + 1) * WORD_BYTES) {
    return stopped(failed('content', `${bytes.length} bytes, no word ${word}`))
  }
  const mantissa = type === 'int' ? readSignedWord(bytes, word) : readWord(bytes, word)
  return type === 'bool' && mantissa > 1n
    ? stopped(failed('content', `${mantissa} is no bool`))
    : done({ mantissa, decimals })
}

export function callSignal({
  signal,
  address,
  function: name,
  unit,
  scale,
}: CallParams): KindSignal {
  const what = name === undefined ? '' : ` to ${name.split('(')[0]}`
  return {
    name: signal,
    unit,
    scale,
    aggregate: 'median',
    meaning: `What ${address} returns${what}.`,
  }
}

/** The signal of what a call returned. */
export function toSignalValue({ signal, scale }: CallParams, returned: Decimal): Step<bigint> {
  const value = toScale(returned, scale)
  return fitsSignal(value)
    ? done(value)
    : stopped(failed('content', `${signal}: ${value} exceeds 64 bits; lower its scale`))
}
