import type { KindSignal, ProbeAnswer, ProbeContext, Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import {
  readDecimals,
  readDescription,
  readRoundData,
  type RoundData,
  selectors,
  toRoundIdBytes,
} from './aggregator.ts'
import { fitsSignal, toScale } from '../../parts/decimal.ts'
import { type EvmView, viewContracts } from '../evm/evm-view.ts'
import { type FeedParams, type FeedPlace, getScale } from './feed-params.ts'
import { latencySignal } from '../../parts/signals.ts'

// Feeds that are contracts in the shape of Chainlink's AggregatorV3.

/** Signals of every such feed: of the node that it is read from. */
export const contractFeedSignals: readonly KindSignal[] = [
  latencySignal('From the first packet to the node’s latest block: a connection and one call.'),
  {
    name: 'head-age',
    unit: 'ms',
    scale: 0,
    aggregate: 'median',
    meaning: 'From the time of the node’s latest block to the start of the round.',
  },
]

/** Signals of a sequencer uptime feed. */
export const sequencerSignals: readonly KindSignal[] = [
  {
    name: 'sequencer-down',
    unit: 'bool',
    scale: 0,
    aggregate: 'median',
    meaning: 'The answer: 0 while the sequencer is up, 1 while it is down.',
  },
  {
    name: 'status-age',
    unit: 'ms',
    scale: 0,
    aggregate: 'median',
    meaning: 'From the status’s last change (`startedAt`) to the start of the round.',
  },
  {
    name: 'grace-left',
    unit: 'ms',
    scale: 0,
    aggregate: 'median',
    meaning: 'What is left of the grace period; all of it while the sequencer is down.',
  },
]

const UINT64_MAX = 2n ** 64n - 1n
const INT64_MAX = 2n ** 63n - 1n

/** What a feed contract said, with the node it was read from. */
export interface FeedReading {
  readonly view: EvmView
  readonly round: RoundData
}

/** Reads a feed contract: its round, and that it is the feed that the manifest means. */
export async function readFeedContract(
  params: FeedPlace,
  context: ProbeContext,
): Promise<Step<FeedReading>> {
  const { chainId, address: to, decimals, description } = params
  // The check of parameters lets none through without.
  if (chainId === undefined || to === undefined) throw new TypeError('no chain or contract')
  const calls = [
    { to, data: selectors.latestRoundData },
    ...(decimals === undefined ? [] : [{ to, data: selectors.decimals }]),
    ...(description === undefined ? [] : [{ to, data: selectors.description }]),
  ]
  const viewed = await viewContracts({ ...params, chainId }, calls, context)
  if (!viewed.ok) return viewed
  const values: Uint8Array[] = []
  for (const one of viewed.value.returned) {
    if (!one.ok) return one
    values.push(one.value)
  }
  const [data = new Uint8Array(), ...rest] = values
  const round = readRoundData(data)
  if (!round.ok) return round
  if (decimals !== undefined) {
    const named = readDecimals(rest.shift() ?? new Uint8Array(), decimals)
    if (!named.ok) return named
  }
  if (description !== undefined) {
    const named = readDescription(rest.shift() ?? new Uint8Array(), description)
    if (!named.ok) return named
  }
  return done({ view: viewed.value, round: round.value })
}

/** A price that is none, or exceeds its signal, is the feed's fault. */
export function readPrice(answer: bigint, decimals: number, scale: number): Step<bigint> {
  if (answer <= 0n) return stopped(failed('content', `the price is ${answer}`))
  const price = toScale({ mantissa: answer, decimals }, scale)
  return fitsSignal(price)
    ? done(price)
    : stopped(failed('content', `price ${price} exceeds 64 bits; lower its scale`))
}

export async function probeAggregator(
  params: FeedParams,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const read = await readFeedContract(params, context)
  if (!read.ok) return read.stop
  const { roundId, answer, startedAtMs, updatedAtMs, answeredInRound } = read.value.round
  const price = readPrice(answer, params.decimals ?? 0, getScale(params))
  if (!price.ok) return price.stop
  const feedRound = roundId & UINT64_MAX
  if (feedRound > INT64_MAX) return failed('content', `round ${feedRound} exceeds 63 bits`)
  const carried = roundId - answeredInRound
  return reach(read.value, context, {
    price: price.value,
    age: BigInt(context.roundStartMs - updatedAtMs),
    'feed-round': feedRound,
    // Across a change of phase the difference is beyond 64 bits, and says no more than "many".
    carried: carried > INT64_MAX ? INT64_MAX : carried,
    ...(startedAtMs === 0 ? {} : { 'round-time': BigInt(updatedAtMs - startedAtMs) }),
  })
}

/**
 * Chainlink's L2 sequencer uptime feed: the answer is 0 while the sequencer is up and 1 while it is
 * down, and `startedAt` is when that last changed; 0 there means that the feed has never been told.
 */
export async function probeSequencer(
  params: FeedParams,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const { graceMs = 0 } = params
  const read = await readFeedContract(params, context)
  if (!read.ok) return read.stop
  const { answer, startedAtMs, updatedAtMs } = read.value.round
  if (answer !== 0n && answer !== 1n) return failed('content', `the status is ${answer}`)
  if (startedAtMs === 0) return failed('content', 'the status has never been set')
  const statusAge = context.roundStartMs - startedAtMs
  // Negative while the change is later than the round's start: then all of it is left.
  const left = answer === 1n ? graceMs : Math.min(graceMs, Math.max(0, graceMs - statusAge))
  return reach(read.value, context, {
    'sequencer-down': answer,
    'status-age': BigInt(statusAge),
    'grace-left': BigInt(left),
    age: BigInt(context.roundStartMs - updatedAtMs),
  })
}

function reach(
  { view, round }: FeedReading,
  { roundStartMs }: ProbeContext,
  signals: Record<string, bigint>,
): ProbeAnswer {
  return {
    status: 'reached',
    reference: { kind: 'height', value: view.height },
    signals: {
      latency: view.latency,
      'head-age': BigInt(roundStartMs - view.head.timestampMs),
      ...signals,
    },
    identities: { 'round-id': toRoundIdBytes(round.roundId) },
  }
}
