import { type Static, Type } from 'typebox'
import { defineKind, type ParamsProblem, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { redetail } from '../steps.ts'
import {
  callSchema,
  callSignal,
  checkCall,
  makeCall,
  toSignalValue,
} from '../protocols/evm/contract-call.ts'
import { getRatio, ratioSchema, ratioSignal } from '../protocols/evm/contract-ratio.ts'
import type { Decimal } from '../parts/decimal.ts'
import { stallThreshold } from '../parts/chain-params.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { checkEthereumParams, ethereumParams } from '../protocols/evm/ethereum.ts'
import { viewContracts, viewParams } from '../protocols/evm/evm-view.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  ...ethereumParams,
  ...viewParams,
  calls: Type.Array(callSchema, {
    minItems: 1,
    maxItems: 16,
    examples: [
      [
        {
          signal: 'supply',
          address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
          function: 'totalSupply() view returns (uint256)',
          decimals: 6,
        },
      ],
    ],
    description: 'Read-only calls, each of which becomes a signal.',
  }),
  ratios: Type.Array(ratioSchema, {
    default: [],
    maxItems: 8,
    description: 'What one call returns over what another does, each of which becomes a signal.',
  }),
})
type Params = Static<typeof paramsSchema>

const OWN_SIGNALS = ['latency', 'head-age']

/** A protocol's own health, as its contracts tell it. */
export const contractKind = defineKind({
  kind: 'contract',
  summary: 'Read-only calls of contracts on an EVM chain give numbers to judge a protocol by.',
  params: paramsSchema,
  check: (params) => [
    ...checkEthereumParams(params),
    ...params.calls.flatMap((call, index) =>
      checkCall(call).map((problem) => ({ ...problem, path: ['calls', index, ...problem.path] })),
    ),
    ...checkNames(params),
    ...checkRatios(params),
  ],
  signals: ({ calls, ratios }) => [
    latencySignal('From the first packet to the node’s latest block: a connection and one call.'),
    {
      name: 'head-age',
      unit: 'ms',
      scale: 0,
      aggregate: 'median',
      meaning: 'From the time of the node’s latest block to the start of the round.',
    },
    ...calls.map(callSignal),
    ...ratios.map(ratioSignal),
  ],
  identities: [],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content', 'reverted'],
  defaultPolicy: ({ blockMs }, { timeoutMs }) =>
    makePolicy([
      // A node whose head is old shows an old state, whatever the contract does.
      stallThreshold(blockMs),
      slowThreshold(timeoutMs),
    ]),
  probe,
})

function checkNames({ calls, ratios }: Params): readonly ParamsProblem[] {
  const taken = new Set(OWN_SIGNALS)
  const find = (list: string, signals: readonly { readonly signal: string }[]) =>
    signals.flatMap(({ signal }, index) => {
      const isTaken = taken.has(signal)
      taken.add(signal)
      const path = [list, index, 'signal']
      return isTaken
        ? [{ path, code: 'duplicate-signal', expected: 'another name', got: signal }]
        : []
    })
  return [...find('calls', calls), ...find('ratios', ratios)]
}

function checkRatios({ calls, ratios }: Params): readonly ParamsProblem[] {
  const names = calls.map(({ signal }) => signal)
  return ratios.flatMap((ratio, index) =>
    (['of', 'over'] as const)
      .filter((side) => !names.includes(ratio[side]))
      .map((side) => ({
        path: ['ratios', index, side],
        code: 'unknown-call',
        expected: `one of ${names.join(', ')}`,
        got: ratio[side],
      })),
  )
}

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const calls = params.calls.map((call) => ({ call, made: makeCall(call) }))
  const viewed = await viewContracts(
    params,
    calls.map(({ call, made }) => ({ to: call.address, data: made.data })),
    context,
  )
  if (!viewed.ok) return viewed.stop
  const { head, height, latency, returned } = viewed.value
  const signals: Record<string, bigint> = {
    latency,
    'head-age': BigInt(context.roundStartMs - head.timestampMs),
  }
  const numbers = new Map<string, Decimal>()
  for (const [index, { call, made }] of calls.entries()) {
    const bytes = returned[index]
    if (bytes === undefined) throw new Error(`call ${index} has no answer`)
    if (!bytes.ok) return bytes.stop
    const number = made.read(bytes.value)
    if (!number.ok) return redetail(number.stop, `${call.signal}: ${number.stop.detail}`)
    const value = toSignalValue(call, number.value)
    if (!value.ok) return value.stop
    signals[call.signal] = value.value
    numbers.set(call.signal, number.value)
  }
  for (const { signal, of, over } of params.ratios) {
    const [one, other] = [numbers.get(of), numbers.get(over)]
    if (one === undefined || other === undefined) throw new Error(`ratio ${signal} is of no calls`)
    const ratio = getRatio(one, other)
    if (ratio !== undefined) signals[signal] = ratio
  }
  return {
    status: 'reached',
    reference: { kind: 'height', value: height },
    signals,
    identities: {},
  }
}
