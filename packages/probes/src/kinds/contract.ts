import { type Static, Type } from 'typebox'
import {
  defineKind,
  type KindSignal,
  type ParamsProblem,
  type ProbeAnswer,
  type ProbeContext,
  type Step,
} from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { readSignedWord, readWord, WORD_BYTES } from './abi.ts'
import { fitsSignal, toScale } from './decimal.ts'
import { makePolicy, slowThreshold } from './default-policy.ts'
import { checkEthereumParams, ethereumParams } from './ethereum.ts'
import { viewContracts, viewParams } from './evm-view.ts'
import { httpOutcomes } from './http-outcomes.ts'
import { scaleSchema, signalNameSchema, strictObject, unitSchema } from './schemas.ts'
import { latencySignal } from './signals.ts'

const callSchema = strictObject({
  signal: signalNameSchema,
  address: Type.String({ pattern: '^0x[0-9a-fA-F]{40}$', description: 'The contract.' }),
  data: Type.String({
    pattern: '^0x([0-9a-fA-F]{2}){4,512}$',
    description: 'The call: the function’s selector and its arguments, in hex.',
  }),
  word: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 63,
    description: 'Which word of what is returned.',
  }),
  type: Type.Union([Type.Literal('uint'), Type.Literal('int'), Type.Literal('bool')], {
    default: 'uint',
  }),
  decimals: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 36,
    description: 'Decimal digits of the word.',
  }),
  unit: unitSchema,
  scale: scaleSchema,
})
type Call = Static<typeof callSchema>

const paramsSchema = strictObject({
  ...ethereumParams,
  ...viewParams,
  calls: Type.Array(callSchema, {
    minItems: 1,
    maxItems: 16,
    examples: [
      [
        // totalSupply() of a token.
        {
          signal: 'supply',
          address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
          data: '0x18160ddd',
          decimals: 6,
        },
      ],
    ],
    description: 'Read-only calls, each of which becomes a signal.',
  }),
})
type Params = Static<typeof paramsSchema>

const OWN_SIGNALS = ['latency', 'head-age']
/** A node whose head is this many blocks old shows an old state, whatever the contract does. */
const STALL_BLOCKS = 10
const STALL_GRACE_MS = 10_000

/** A protocol's own health, as its contracts tell it. */
export const contractKind = defineKind({
  kind: 'contract',
  summary: 'Read-only calls of contracts on an EVM chain give numbers to judge a protocol by.',
  params: paramsSchema,
  check: (params) => [...checkEthereumParams(params), ...checkNames(params)],
  signals: ({ calls }) => [
    latencySignal('From the first packet to the node’s latest block: a connection and one call.'),
    {
      name: 'head-age',
      unit: 'ms',
      scale: 0,
      aggregate: 'median',
      meaning: 'From the time of the node’s latest block to the start of the round.',
    },
    ...calls.map(toSignal),
  ],
  identities: [],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content', 'reverted'],
  defaultPolicy: ({ blockMs }, { timeoutMs }) =>
    makePolicy([
      {
        signal: 'head-age',
        above: blockMs * STALL_BLOCKS + STALL_GRACE_MS,
        severity: 'degraded',
      },
      slowThreshold(timeoutMs),
    ]),
  probe,
})

function checkNames({ calls }: Params): readonly ParamsProblem[] {
  const taken = new Set(OWN_SIGNALS)
  return calls.flatMap(({ signal }, index) => {
    const isTaken = taken.has(signal)
    taken.add(signal)
    const path = ['calls', index, 'signal']
    return isTaken
      ? [{ path, code: 'duplicate-signal', expected: 'another name', got: signal }]
      : []
  })
}

function toSignal({ signal, address, unit, scale }: Call): KindSignal {
  const meaning = `What ${address} returns.`
  return { name: signal, unit, scale, aggregate: 'median', meaning }
}

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const calls = params.calls.map(({ address: to, data }) => ({ to, data }))
  const viewed = await viewContracts(params, calls, context)
  if (!viewed.ok) return viewed.stop
  const { head, height, latency, returned } = viewed.value
  const signals: Record<string, bigint> = {
    latency,
    'head-age': BigInt(context.roundStartMs - head.timestampMs),
  }
  for (const [index, call] of params.calls.entries()) {
    const bytes = returned[index]
    if (bytes === undefined) throw new Error(`call ${index} has no answer`)
    if (!bytes.ok) return bytes.stop
    const value = readValue(call, bytes.value)
    if (!value.ok) return value.stop
    signals[call.signal] = value.value
  }
  return {
    status: 'reached',
    reference: { kind: 'height', value: height },
    signals,
    identities: {},
  }
}

function readValue({ signal, word, type, decimals, scale }: Call, bytes: Uint8Array): Step<bigint> {
  if (bytes.length < (word + 1) * WORD_BYTES) {
    return stopped(failed('content', `${signal}: ${bytes.length} bytes, no word ${word}`))
  }
  const mantissa = type === 'int' ? readSignedWord(bytes, word) : readWord(bytes, word)
  if (type === 'bool' && mantissa > 1n) {
    return stopped(failed('content', `${signal}: ${mantissa} is no bool`))
  }
  const value = toScale({ mantissa, decimals }, scale)
  return fitsSignal(value)
    ? done(value)
    : stopped(failed('content', `${signal}: ${value} exceeds 64 bits; lower its scale`))
}
