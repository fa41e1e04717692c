import { type Static, Type } from 'typebox'
import { defineKind, type KindSignal, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { failed } from '../steps.ts'
import {
  flagSignal,
  flagThreshold,
  headSignal,
  lagThreshold,
  medianSignal,
  optionalSignal,
} from '../parts/chain-params.ts'
import {
  behindThreshold,
  makePolicy,
  noisyThreshold,
  slowThreshold,
} from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { type JsonRpc, makeJsonRpc } from '../protocols/json-rpc/json-rpc.ts'
import { toFlag } from '../parts/readings.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'
import {
  type EpochInfo,
  getEpochInfo,
  getGenesisHash,
  getHealth,
  getProduction,
} from '../protocols/solana/solana-rpc.ts'
import { watchVotes } from '../protocols/solana/solana-watch.ts'

const key = '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
const paramsSchema = strictObject({
  url: urlSchema,
  ...accessParams,
  genesisHash: Type.String({
    pattern: key,
    examples: ['5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d'],
    description: 'The cluster that it must be of.',
  }),
  window: Type.Integer({
    default: 400,
    minimum: 4,
    maximum: 4000,
    description: 'Slots over which skipped ones are counted.',
  }),
  voteAccounts: Type.Array(Type.String({ pattern: key }), {
    default: [],
    maxItems: 16,
    uniqueItems: true,
    description: 'Vote accounts of validators to watch.',
  }),
})
type Params = Static<typeof paramsSchema>

const SLOT_MS = 400
/** The cluster skips a few in a hundred; from a fifth on it is in trouble. */
const SKIP_RATE_MAX = 200
/** A validator is called delinquent at 128; at half of it something holds up its votes. */
const VOTE_DISTANCE_MAX = 64
/** A root is 32 votes deep; one that is three times as far back does not move. */
const ROOT_DISTANCE_MAX = 96
/** Half of the credits: every vote late by more than eight slots, or every other one missing. */
const CREDITS_SHARE_MIN = 500
/** A share around its bound goes above and below it: it is better from here on. */
const CREDITS_SHARE_CLEAR = 600

/** A Solana RPC node, and through it validators of its cluster. */
export const solanaKind = defineKind({
  kind: 'solana',
  summary: 'A Solana node keeps up with its cluster, and validators vote and make blocks.',
  params: paramsSchema,
  check: ({ url, headers }) => [...checkUrl('url', url), ...checkHeaders('headers', headers)],
  signals: ({ voteAccounts }) => [
    ...nodeSignals,
    ...(voteAccounts.length === 0 ? [] : watchSignals),
  ],
  identities: [
    {
      name: 'delinquent-set',
      meaning: 'Bit by place in `voteAccounts`: delinquent, or unknown to the cluster.',
      optional: true,
    },
  ],
  outcomes: [...httpOutcomes, 'wrong-chain'],
  defaultPolicy: ({ voteAccounts }, { timeoutMs, group }) =>
    makePolicy([
      ...(voteAccounts.length === 0
        ? []
        : ([
            flagThreshold('delinquent'),
            behindThreshold('vote-distance', VOTE_DISTANCE_MAX),
            behindThreshold('root-distance', ROOT_DISTANCE_MAX),
            {
              signal: 'credits-share',
              below: CREDITS_SHARE_MIN,
              clear: CREDITS_SHARE_CLEAR,
              severity: 'degraded',
            },
          ] as const)),
      flagThreshold('unhealthy'),
      noisyThreshold('skip-rate', SKIP_RATE_MAX),
      slowThreshold(timeoutMs),
      ...lagThreshold('slot', SLOT_MS, group),
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

const nodeSignals: readonly KindSignal[] = [
  latencySignal('From the first packet to the epoch’s state: a connection and one call.'),
  headSignal('slot', 'slots', 'Of the latest confirmed block.'),
  flagSignal('unhealthy', 'It says that it is too far behind the cluster, or cannot tell.'),
  optionalSignal('slots-behind', 'slots', 'Behind the cluster, by its own reckoning.'),
  optionalSignal('skip-rate', 'permille', 'Of the window’s slots, those without a block.'),
]
const watchSignals: readonly KindSignal[] = [
  medianSignal('delinquent', 'validators', 'Watched, delinquent or unknown to the cluster.'),
  optionalSignal('vote-distance', 'slots', 'From the last vote to the slot, the farthest.'),
  optionalSignal('root-distance', 'slots', 'From the root to the slot, the farthest.'),
  optionalSignal('credits', 'credits', 'Earned this epoch by the one that earned least.'),
  optionalSignal('credits-share', 'permille', 'These, of what could be earned so far.'),
  medianSignal('slots-due', 'slots', 'In which those watched were to lead this epoch, so far.'),
  medianSignal('slots-skipped', 'slots', 'Of these, those without a block.'),
]

async function ask(rpc: JsonRpc, params: Params, { phases }: ProbeContext): Promise<ProbeAnswer> {
  const answered = await getEpochInfo(rpc)
  if (!answered.ok) return answered.stop
  const latency = phases.latencyUs()
  const time = answered.value
  const genesis = await getGenesisHash(rpc)
  if (!genesis.ok) return genesis.stop
  if (genesis.value !== params.genesisHash) {
    return failed('wrong-chain', `genesis hash ${genesis.value}`)
  }
  const health = await getHealth(rpc)
  if (!health.ok) return health.stop
  const { isHealthy, slotsBehind } = health.value
  const range = getSlotRange(time, params.window)
  const production = range === undefined ? undefined : await getProduction(rpc, undefined, range)
  if (production?.ok === false) return production.stop
  const watched =
    params.voteAccounts.length === 0 ? undefined : await watchVotes(rpc, params.voteAccounts, time)
  if (watched?.ok === false) return watched.stop
  return {
    status: 'reached',
    ...(range === undefined
      ? {}
      : { reference: { kind: 'height' as const, value: range.lastSlot } }),
    signals: {
      latency,
      slot: BigInt(time.slot),
      unhealthy: toFlag(!isHealthy),
      ...(slotsBehind === undefined ? {} : { 'slots-behind': BigInt(slotsBehind) }),
      ...(production === undefined || production.value.leaderSlots === 0
        ? {}
        : { 'skip-rate': toSkipRate(production.value) }),
      ...watched?.value.signals,
    },
    identities: { ...watched?.value.identities },
  }
}

function toSkipRate({ leaderSlots, blocks }: { leaderSlots: number; blocks: number }): bigint {
  return BigInt(Math.round(((leaderSlots - blocks) * 1000) / leaderSlots))
}

/** Slots below the head that may not be counted yet. */
const SETTLED_SLOTS = 32

/**
 * The last whole window of the epoch that is settled. Windows follow one another without overlap,
 * counted from the epoch's first slot, so that monitors count the same slots; production is told of
 * one epoch only.
 */
export function getSlotRange(
  { slot, slotIndex }: Pick<EpochInfo, 'slot' | 'slotIndex'>,
  size: number,
): { firstSlot: number; lastSlot: number } | undefined {
  const whole = Math.floor((slotIndex + 1 - SETTLED_SLOTS) / size)
  if (whole < 1) return undefined
  const lastSlot = slot - slotIndex + whole * size - 1
  return { firstSlot: lastSlot - size + 1, lastSlot }
}
