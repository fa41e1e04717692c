import { type Static, Type } from 'typebox'
import { defineKind, type KindSignal, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { failed } from '../steps.ts'
import {
  getCheckpoints,
  getConnectedPeers,
  getGenesis,
  getSyncStatus,
  type SyncStatus,
} from '../protocols/beacon/beacon-api.ts'
import { watchValidators } from '../protocols/beacon/beacon-watch.ts'
import {
  flagSignal,
  flagThreshold,
  headSignal,
  lagThreshold,
  medianSignal,
  optionalSignal,
  peersMinSchema,
  peersSignal,
  peersThreshold,
} from '../parts/chain-params.ts'
import { behindThreshold, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { readHash, toFlag } from '../parts/readings.ts'
import { makeRestApi, type RestApi } from '../parts/rest-api.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  url: urlSchema,
  ...accessParams,
  genesisValidatorsRoot: Type.String({
    pattern: '^0x[0-9a-f]{64}$',
    examples: ['0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95'],
    description: 'The chain that it must be: the root of the validators it began with.',
  }),
  slotMs: Type.Integer({ default: 12_000, minimum: 100, maximum: 3_600_000 }),
  slotsPerEpoch: Type.Integer({ default: 32, minimum: 1, maximum: 256 }),
  peersMin: peersMinSchema(5),
  validators: Type.Array(Type.String({ pattern: '^(0|[1-9][0-9]{0,9}|0x[0-9a-f]{96})$' }), {
    default: [],
    maxItems: 64,
    uniqueItems: true,
    description: 'Validators to watch, by index, or by key in hex with 0x.',
  }),
})
type Params = Static<typeof paramsSchema>

/** Empty slots happen, two in a row now and then. */
const HEAD_LAG_MAX = 3
/** Two epochs is what finality takes, and a third until the first block of an epoch is there. */
const FINALITY_LAG_USUAL = 3
const FINALITY_LAG_MAX = 4
const HEALTHY = 200
/** Of those watched, one in so many may miss an attestation by bad luck. */
const MISSED_PARTS = 10

/** A beacon node of Ethereum or a chain like it, and through it validators. */
export const ethBeaconKind = defineKind({
  kind: 'eth-beacon',
  summary: 'A beacon node is synced and its chain final, and validators do their duties.',
  params: paramsSchema,
  check: ({ url, headers }) => [...checkUrl('url', url), ...checkHeaders('headers', headers)],
  signals: ({ validators }) => [...nodeSignals, ...(validators.length === 0 ? [] : watchSignals)],
  identities: [
    { name: 'justified-root', meaning: 'Root of the justified checkpoint of the head’s state.' },
    { name: 'finalized-root', meaning: 'Root of its finalized checkpoint.' },
    ...['inactive-set', 'not-live-set', 'missed-set'].map(
      (name) => ({ name, meaning: 'Bit by place in `validators`.', optional: true }) as const,
    ),
  ],
  outcomes: [...httpOutcomes, 'wrong-chain'],
  defaultPolicy: ({ slotMs, peersMin, validators }, { timeoutMs, group }) =>
    makePolicy([
      ...(validators.length === 0
        ? []
        : ([
            flagThreshold('slashed'),
            { signal: 'active', below: validators.length, severity: 'degraded' },
            flagThreshold('proposals-missed'),
            flagThreshold('not-live'),
            behindThreshold('attestations-missed', Math.floor(validators.length / MISSED_PARTS)),
          ] as const)),
      flagThreshold('unsynced'),
      flagThreshold('execution-offline'),
      flagThreshold('optimistic'),
      { signal: 'health', above: HEALTHY, severity: 'degraded' },
      behindThreshold('head-lag', HEAD_LAG_MAX),
      {
        signal: 'finality-lag',
        above: FINALITY_LAG_MAX,
        clear: FINALITY_LAG_USUAL,
        severity: 'degraded',
      },
      ...peersThreshold(peersMin),
      slowThreshold(timeoutMs),
      ...lagThreshold('head-slot', slotMs, group),
    ]),
  async probe(params, context) {
    const api = makeRestApi(new URL(params.url), params.headers, context)
    try {
      return await ask(api, params, context)
    } finally {
      api.close()
    }
  },
})

const nodeSignals: readonly KindSignal[] = [
  latencySignal('From the first packet to the sync status: a connection and one call.'),
  headSignal('head-slot', 'slots', 'Slot of the head.'),
  headSignal('finalized', 'slots', 'Slot at which its finalized epoch begins.'),
  medianSignal('head-lag', 'slots', 'From the head to the slot that the round starts in.'),
  medianSignal('sync-distance', 'slots', 'What it says it has yet to process.'),
  flagSignal('unsynced', 'It says that it is syncing.'),
  { ...flagSignal('optimistic', 'Its head’s payload is not verified.'), optional: true },
  {
    ...flagSignal('execution-offline', 'Its execution client does not answer.'),
    optional: true,
  },
  medianSignal('health', 'status', 'Of /eth/v1/node/health: 200, 206 while syncing, 503.'),
  peersSignal,
  medianSignal('justified-lag', 'epochs', 'From the justified epoch to the round’s.'),
  medianSignal('finality-lag', 'epochs', 'From the finalized epoch to the round’s.'),
]
const watchSignals: readonly KindSignal[] = [
  optionalSignal('active', 'validators', 'Watched, whose status is active.'),
  optionalSignal('exiting', 'validators', 'Watched, that are leaving or have left.'),
  optionalSignal('slashed', 'validators', 'Watched, that are slashed.'),
  optionalSignal('not-live', 'validators', 'Watched, of whom nothing was seen the epoch before.'),
  optionalSignal(
    'attestations-missed',
    'validators',
    'Watched, penalized for source and target two epochs before.',
  ),
  optionalSignal('proposals-due', 'blocks', 'That those watched were to propose this epoch.'),
  optionalSignal('proposals-missed', 'blocks', 'Of these, that are not on the chain.'),
  optionalSignal(
    'balance-change',
    'gwei',
    'Of the watched validator that lost most, from the finalized to the justified state.',
  ),
]

async function ask(
  api: RestApi,
  params: Params,
  { phases, roundStartMs }: ProbeContext,
): Promise<ProbeAnswer> {
  const synced = await getSyncStatus(api)
  if (!synced.ok) return synced.stop
  const latency = phases.latencyUs()
  const genesis = await getGenesis(api)
  if (!genesis.ok) return genesis.stop
  const root = Buffer.from(genesis.value.validatorsRoot)
  if (!root.equals(readHash(params.genesisValidatorsRoot, 32) ?? Buffer.alloc(0))) {
    return failed('wrong-chain', `genesis validators root 0x${root.toString('hex')}`)
  }
  const health = await api.getStatus('/eth/v1/node/health')
  if (!health.ok) return health.stop
  const peers = await getConnectedPeers(api)
  if (!peers.ok) return peers.stop
  const checkpoints = await getCheckpoints(api)
  if (!checkpoints.ok) return checkpoints.stop
  const { justified, finalized } = checkpoints.value

  const slot = Math.floor((roundStartMs - genesis.value.timeMs) / params.slotMs)
  const epoch = Math.floor(slot / params.slotsPerEpoch)
  // What a node says of validators while it syncs is of a time gone by.
  const isWatching = params.validators.length > 0 && !synced.value.isSyncing && slot >= 0
  const watched = isWatching
    ? await watchValidators(api, params.validators, { slot, slotsPerEpoch: params.slotsPerEpoch })
    : undefined
  if (watched?.ok === false) return watched.stop
  return {
    status: 'reached',
    reference: { kind: 'height', value: finalized.epoch * params.slotsPerEpoch },
    signals: {
      latency,
      ...toSignals(synced.value),
      'head-lag': BigInt(slot - synced.value.headSlot),
      health: BigInt(health.value),
      peers: BigInt(peers.value),
      'justified-lag': BigInt(epoch - justified.epoch),
      'finality-lag': BigInt(epoch - finalized.epoch),
      finalized: BigInt(finalized.epoch * params.slotsPerEpoch),
      ...watched?.value.signals,
    },
    identities: {
      'justified-root': justified.root,
      'finalized-root': finalized.root,
      ...watched?.value.identities,
    },
  }
}

function toSignals(sync: SyncStatus): Record<string, bigint> {
  const { isOptimistic, isExecutionOffline } = sync
  return {
    'head-slot': BigInt(sync.headSlot),
    'sync-distance': BigInt(sync.syncDistance),
    unsynced: toFlag(sync.isSyncing),
    ...(isOptimistic === undefined ? {} : { optimistic: toFlag(isOptimistic) }),
    ...(isExecutionOffline === undefined
      ? {}
      : { 'execution-offline': toFlag(isExecutionOffline) }),
  }
}
