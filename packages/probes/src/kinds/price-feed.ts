import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { failed } from '../steps.ts'
import { callContract, readDecimals, readRoundData, selectors } from './aggregator.ts'
import { makePolicy, slowThreshold } from './default-policy.ts'
import { checkChain, checkEthereumParams, ethereumParams } from './ethereum.ts'
import { httpOutcomes } from './http-outcomes.ts'
import { type JsonRpc, makeJsonRpc } from './json-rpc.ts'
import { strictObject } from './schemas.ts'
import { latencySignal } from './signals.ts'

const paramsSchema = strictObject({
  ...ethereumParams,
  address: Type.String({ pattern: '^0x[0-9a-fA-F]{40}$', description: 'The feed’s contract.' }),
  decimals: Type.Integer({
    minimum: 0,
    maximum: 36,
    description: 'Decimals that the contract must name.',
  }),
  scale: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 18,
      description:
        'Decimal digits of the signal `price`; the lesser of `decimals` and 8 if left out. ' +
        'A price that exceeds 64 bits so is the outcome `content`.',
    }),
  ),
  unit: Type.String({
    default: 'quote',
    pattern: '^[a-z0-9][a-z0-9._-]{0,15}$',
    description: 'What the price is in, such as usd.',
  }),
  heartbeatMs: Type.Integer({
    minimum: 1000,
    maximum: 31_536_000_000,
    description: 'Time within which the feed promises an update, for the default policy.',
  }),
})
type Params = Static<typeof paramsSchema>

const SCALE_MAX_DEFAULT = 8
/** An update is late, not missing, for a quarter of the heartbeat: its transaction has to be mined. */
const LATE_PARTS = 4
/** Block times are whole seconds, and monitors ask at different moments of a round. */
const GRACE_MS_MIN = 5000
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

/** A price feed in the shape of Chainlink's AggregatorV3: is there a price, and is it fresh? */
export const priceFeedKind = defineKind({
  kind: 'price-feed',
  summary: 'A price feed contract (AggregatorV3) gives a fresh price.',
  params: paramsSchema,
  check: checkEthereumParams,
  signals: (params) => [
    latencySignal('From the first packet to the round’s data: a connection and one call.'),
    {
      name: 'price',
      unit: params.unit,
      scale: getScale(params),
      aggregate: 'median',
      meaning: 'The answer, cut to the scale towards 0.',
    },
    {
      name: 'age',
      unit: 'ms',
      scale: 0,
      aggregate: 'median',
      meaning: 'From the update to the start of the round; below 0 if it came later.',
    },
    {
      name: 'feed-round',
      unit: 'rounds',
      scale: 0,
      aggregate: 'corroborated',
      meaning: 'The aggregator’s round: the lower 64 bits of the round id.',
    },
    {
      name: 'carried',
      unit: 'rounds',
      scale: 0,
      aggregate: 'median',
      meaning: 'Rounds since the one that the answer was given in; 0 if it is the round’s own.',
    },
  ],
  identities: [{ name: 'round-id', meaning: 'The round id, 10 bytes, big-endian.' }],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content', 'reverted'],
  defaultPolicy: ({ heartbeatMs }, { timeoutMs }) =>
    makePolicy([
      {
        signal: 'age',
        above: heartbeatMs + Math.max(GRACE_MS_MIN, Math.ceil(heartbeatMs / LATE_PARTS)),
        severity: 'degraded',
      },
      { signal: 'carried', above: 0, severity: 'degraded' },
      slowThreshold(timeoutMs),
    ]),
  async probe(params, context) {
    const rpc = makeJsonRpc(new URL(params.url), params.headers, context)
    try {
      return await ask(rpc, params, context)
    } finally {
      rpc.close()
    }
  },
})

function getScale({ scale, decimals }: Params): number {
  return scale ?? Math.min(decimals, SCALE_MAX_DEFAULT)
}

async function ask(
  rpc: JsonRpc,
  params: Params,
  { phases, roundStartMs }: ProbeContext,
): Promise<ProbeAnswer> {
  const called = await callContract(rpc, params.address, selectors.latestRoundData)
  const latency = phases.latencyUs()
  // Before anything is said of the contract: on another chain it means nothing that it is not there.
  if (called.ok || (called.stop.status === 'failed' && called.stop.outcome === 'reverted')) {
    const chain = await checkChain(rpc, params.chainId)
    if (!chain.ok) return chain.stop
  }
  if (!called.ok) return called.stop
  const round = readRoundData(called.value)
  if (!round.ok) return round.stop
  const { roundId, answer, updatedAt, answeredInRound } = round.value
  const named = await callContract(rpc, params.address, selectors.decimals)
  if (!named.ok) return named.stop
  const decimals = readDecimals(named.value)
  if (!decimals.ok) return decimals.stop
  if (decimals.value !== params.decimals) {
    return failed('content', `${decimals.value} decimals, not ${params.decimals}`)
  }
  if (answer <= 0n) return failed('content', `the price is ${answer}`)
  const price = scalePrice(answer, params.decimals, getScale(params))
  if (price > INT64_MAX) return failed('content', `price ${price} exceeds 64 bits; lower its scale`)
  const feedRound = roundId & UINT64_MAX
  if (feedRound > INT64_MAX) return failed('content', `round ${feedRound} exceeds 63 bits`)
  const updatedAtMs = Number(updatedAt) * 1000
  const carried = roundId - answeredInRound
  return {
    status: 'reached',
    reference: { kind: 'time', value: updatedAtMs },
    signals: {
      latency,
      price,
      age: BigInt(roundStartMs - updatedAtMs),
      'feed-round': feedRound,
      // Across a change of phase the difference is beyond 64 bits, and says no more than "many".
      carried: carried > INT64_MAX ? INT64_MAX : carried,
    },
    identities: { 'round-id': toRoundIdBytes(roundId) },
  }
}

/** An answer with `decimals` digits after the point, with `scale` digits. */
export function scalePrice(answer: bigint, decimals: number, scale: number): bigint {
  const digits = scale - decimals
  return digits >= 0 ? answer * 10n ** BigInt(digits) : answer / 10n ** BigInt(-digits)
}

function toRoundIdBytes(roundId: bigint): Uint8Array {
  return Buffer.from(roundId.toString(16).padStart(20, '0'), 'hex')
}
