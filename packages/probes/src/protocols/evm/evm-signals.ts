import type { UnixMs } from '@watchfire/attestation'
import type { KindSignal } from '../../kind.ts'
import type { BlockHead } from './ethereum.ts'
import { phaseSignals } from '../../parts/phase-signals.ts'
import { latencySignal } from '../../parts/signals.ts'

const optional = true as const
const basis = { scale: 0, aggregate: 'median' } as const

/** What is read of an EVM node. All but latency, head and its age depends on what it offers. */
export const evmSignals = (url: string): readonly KindSignal[] => [
  latencySignal('From the first packet to the latest block: a connection and one call.'),
  ...phaseSignals(url),
  {
    name: 'head',
    unit: 'blocks',
    scale: 0,
    aggregate: 'corroborated',
    meaning: 'Height of the latest block.',
  },
  {
    ...basis,
    name: 'head-age',
    unit: 'ms',
    meaning: 'From the latest block’s time to the start of the round; below 0 if it is later.',
  },
  {
    name: 'finalized',
    unit: 'blocks',
    scale: 0,
    aggregate: 'corroborated',
    meaning: 'Height of the latest finalized block.',
    optional,
  },
  {
    ...basis,
    name: 'finalized-lag',
    unit: 'blocks',
    meaning: 'Blocks from the finalized one to the latest.',
    optional,
  },
  {
    ...basis,
    name: 'safe-lag',
    unit: 'blocks',
    meaning: 'Blocks from the safe one to the latest.',
    optional,
  },
  { ...basis, name: 'peers', unit: 'peers', meaning: 'Peers that the node has.', optional },
  {
    ...basis,
    name: 'block-interval',
    unit: 'ms',
    meaning: 'Mean time between blocks from the reference height to the latest block.',
    optional,
  },
  {
    name: 'gas-used',
    unit: 'percent',
    scale: 2,
    aggregate: 'median',
    meaning: 'Gas used by the latest block, of its limit.',
    optional,
  },
  {
    ...basis,
    name: 'gas-rate',
    unit: 'gas-per-s',
    meaning: 'Gas used by the latest block over the mean block interval.',
    optional,
  },
  {
    name: 'tx-rate',
    unit: 'tx-per-s',
    scale: 3,
    aggregate: 'median',
    meaning: 'Transactions of the latest block over the mean block interval.',
    optional,
  },
  {
    name: 'base-fee',
    unit: 'gwei',
    scale: 9,
    aggregate: 'median',
    meaning: 'Base fee per gas of the latest block.',
    optional,
  },
]

/** What the latest block and the reference block say. */
export function getHeadSignals(
  head: BlockHead,
  reference: BlockHead,
  roundStartMs: UnixMs,
): Record<string, bigint> {
  const { gasUsed, gasLimit, baseFeeWei, transactions } = head
  const interval = getInterval(head, reference)
  return keep({
    head: head.height,
    'head-age': roundStartMs - head.timestampMs,
    'block-interval': interval,
    'gas-used': divide(gasUsed, 10_000, gasLimit),
    'gas-rate': divide(gasUsed, 1000, interval),
    'tx-rate': divide(transactions, 1_000_000, interval),
    'base-fee': baseFeeWei,
  })
}

/** What the node says besides. A tag beyond the head, from another node behind the name, is no lag. */
export function getChainSignals(
  { height }: BlockHead,
  { safe, finalized, peers }: Readonly<Record<'safe' | 'finalized' | 'peers', number | undefined>>,
): Record<string, bigint> {
  const getLag = (tag: number | undefined) =>
    tag === undefined ? undefined : Math.max(0, height - tag)
  return keep({
    finalized,
    'finalized-lag': getLag(finalized),
    'safe-lag': getLag(safe),
    peers,
  })
}

/** In ms, at least 1; undefined over no block, or from genesis, whose time is no block's. */
function getInterval(head: BlockHead, reference: BlockHead): number | undefined {
  const blocks = head.height - reference.height
  const tookMs = head.timestampMs - reference.timestampMs
  if (blocks <= 0 || tookMs <= 0 || reference.height === 0) return undefined
  return Math.max(1, Math.floor(tookMs / blocks))
}

function divide(
  value: number | undefined,
  factor: number,
  by: number | undefined,
): bigint | undefined {
  if (value === undefined || by === undefined || by === 0) return undefined
  return (BigInt(value) * BigInt(factor)) / BigInt(by)
}

const INT64_MAX = 2n ** 63n - 1n

function keep(values: Readonly<Record<string, number | bigint | undefined>>) {
  const kept: Record<string, bigint> = {}
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    const whole = BigInt(value)
    if (whole <= INT64_MAX) kept[name] = whole
  }
  return kept
}
