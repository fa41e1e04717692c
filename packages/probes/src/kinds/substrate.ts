import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import {
  flagSignal,
  flagThreshold,
  headSignal,
  lagThreshold,
  medianSignal,
  optionalSignal,
  peersSignal,
  stallThreshold,
} from '../parts/chain-params.ts'
import { behindThreshold, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import {
  callForResult,
  isRecord,
  type JsonRpc,
  judgeRpcError,
  makeJsonRpc,
} from '../protocols/json-rpc/json-rpc.ts'
import { readCount, readHash, toFlag } from '../parts/readings.ts'
import {
  checkHeaders,
  checkUrl,
  accessParams,
  rpcUrlSchema,
  strictObject,
} from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

// Calls of Substrate's RPC (the polkadot-sdk crate sc-rpc-api). Heights are hex in headers and
// numbers elsewhere, hashes hex with 0x.

const paramsSchema = strictObject({
  url: rpcUrlSchema,
  ...accessParams,
  genesisHash: Type.String({
    pattern: '^0x[0-9a-f]{64}$',
    examples: ['0x91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3'],
    description: 'The chain that it must be: the hash of its first block.',
  }),
  blockMs: Type.Integer({
    default: 6000,
    minimum: 100,
    maximum: 86_400_000,
    description: 'Time between blocks, for the default policy.',
  }),
  referenceStep: Type.Integer({
    default: 16,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Hashes of finalized blocks are compared at multiples of this height.',
  }),
})
type Params = Static<typeof paramsSchema>

const METHOD_NOT_FOUND = -32_601
/** GRANDPA finalizes two or three blocks behind the best; so many more and it is held up. */
const FINALITY_LAG_MAX = 10
/** A node is fetching blocks in earnest from about here on; below, they are on their way to it. */
const SYNC_LAG_MAX = 5
/** Where the pallet Timestamp keeps the block's time: twox128("Timestamp") and twox128("Now"). */
const NOW_KEY = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb'

/** A node of a Substrate chain, such as Polkadot's. */
export const substrateKind = defineKind({
  kind: 'substrate',
  summary: 'A Substrate node has peers, is synced, and its chain finalizes.',
  params: paramsSchema,
  check: ({ url, headers }) => [...checkUrl('url', url), ...checkHeaders('headers', headers)],
  signals: () => [
    latencySignal('From the first packet to the node’s health: a connection and one call.'),
    peersSignal,
    flagSignal('lonely', 'It has no peers, and should.'),
    flagSignal('major-sync', 'It says that it is syncing.'),
    optionalSignal('sync-lag', 'blocks', 'From its best block to the highest it has heard of.'),
    headSignal('best', 'blocks', 'Height of the best block.'),
    headSignal('finalized', 'blocks', 'Height of the finalized block.'),
    medianSignal('finality-lag', 'blocks', 'From the finalized block to the best.'),
    optionalSignal('head-age', 'ms', 'From the best block’s time to the start of the round.'),
  ],
  identities: [
    { name: 'block-hash', meaning: 'Hash of the finalized block at the reference height.' },
  ],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content'],
  defaultPolicy: ({ blockMs }, { timeoutMs, group }) =>
    makePolicy([
      flagThreshold('lonely'),
      flagThreshold('major-sync'),
      behindThreshold('sync-lag', SYNC_LAG_MAX),
      behindThreshold('finality-lag', FINALITY_LAG_MAX),
      stallThreshold(blockMs),
      slowThreshold(timeoutMs),
      ...lagThreshold('best', blockMs, group),
      ...lagThreshold('finalized', blockMs, group),
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

async function ask(
  rpc: JsonRpc,
  params: Params,
  { phases, roundStartMs }: ProbeContext,
): Promise<ProbeAnswer> {
  const health = await getHealth(rpc)
  if (!health.ok) return health.stop
  const latency = phases.latencyUs()
  const genesis = await getBlockHash(rpc, 0)
  if (!genesis.ok) return genesis.stop
  if (genesis.value !== params.genesisHash) {
    return failed('wrong-chain', `genesis hash ${genesis.value}`)
  }
  const syncLag = await getSyncLag(rpc)
  if (!syncLag.ok) return syncLag.stop
  const best = await getHeight(rpc, [])
  if (!best.ok) return best.stop
  const finalizedHash = await getFinalizedHash(rpc)
  if (!finalizedHash.ok) return finalizedHash.stop
  const finalized = await getHeight(rpc, [finalizedHash.value])
  if (!finalized.ok) return finalized.stop
  const height = finalized.value - (finalized.value % params.referenceStep)
  const hash = await getBlockHash(rpc, height)
  if (!hash.ok) return hash.stop
  const timeMs = await getBlockTimeMs(rpc)
  if (!timeMs.ok) return timeMs.stop
  const { peers, isSyncing, shouldHavePeers } = health.value
  return {
    status: 'reached',
    reference: { kind: 'height', value: height },
    signals: {
      latency,
      peers: BigInt(peers),
      lonely: toFlag(shouldHavePeers && peers === 0),
      'major-sync': toFlag(isSyncing),
      ...(syncLag.value === undefined ? {} : { 'sync-lag': BigInt(syncLag.value) }),
      best: BigInt(best.value),
      finalized: BigInt(finalized.value),
      'finality-lag': BigInt(best.value - finalized.value),
      ...(timeMs.value === undefined ? {} : { 'head-age': BigInt(roundStartMs) - timeMs.value }),
    },
    identities: { 'block-hash': readHash(hash.value, 32) ?? new Uint8Array() },
  }
}

interface Health {
  readonly peers: number
  readonly isSyncing: boolean
  readonly shouldHavePeers: boolean
}

async function getHealth(rpc: JsonRpc): Promise<Step<Health>> {
  const answered = await callForResult(rpc, 'system_health', [])
  if (!answered.ok) return answered
  const health = isRecord(answered.value) ? answered.value : {}
  // Gossamer, a host in Go, writes these names with capitals.
  const peers = readCount(health['peers'] ?? health['Peers'])
  const isSyncing = health['isSyncing'] ?? health['IsSyncing']
  const shouldHavePeers = health['shouldHavePeers'] ?? health['ShouldHavePeers']
  return peers === undefined ||
    typeof isSyncing !== 'boolean' ||
    typeof shouldHavePeers !== 'boolean'
    ? stopped(failed('protocol', 'system_health: no health'))
    : done({ peers, isSyncing, shouldHavePeers })
}

/** Undefined of a node that does not offer the call. */
async function getSyncLag(rpc: JsonRpc): Promise<Step<number | undefined>> {
  const answered = await callIfKnown(rpc, 'system_syncState', [])
  if (!answered.ok || answered.value === undefined) return answered.ok ? done(undefined) : answered
  const state = isRecord(answered.value) ? answered.value : {}
  const current = readCount(state['currentBlock'])
  const highest = readCount(state['highestBlock'])
  return current === undefined || highest === undefined
    ? stopped(failed('protocol', 'system_syncState: no state'))
    : done(Math.max(0, highest - current))
}

/** @param params - the block's hash; the best block's height if left out */
async function getHeight(rpc: JsonRpc, params: readonly unknown[]): Promise<Step<number>> {
  const answered = await callForResult(rpc, 'chain_getHeader', params)
  if (!answered.ok) return answered
  if (answered.value === null) return stopped(failed('content', 'a block it named is not there'))
  const number = isRecord(answered.value) ? answered.value['number'] : undefined
  return typeof number === 'string' && /^0x[0-9a-fA-F]{1,13}$/.test(number)
    ? done(Number(number))
    : stopped(failed('protocol', 'chain_getHeader: no height'))
}

async function getBlockHash(rpc: JsonRpc, height: number): Promise<Step<string>> {
  const answered = await callForResult(rpc, 'chain_getBlockHash', [height])
  if (!answered.ok) return answered
  return answered.value === null
    ? stopped(failed('content', `block ${height} is not there`))
    : readBlockHash(answered.value, `chain_getBlockHash ${height}`)
}

async function getFinalizedHash(rpc: JsonRpc): Promise<Step<string>> {
  const answered = await callForResult(rpc, 'chain_getFinalizedHead', [])
  return answered.ok ? readBlockHash(answered.value, 'chain_getFinalizedHead') : answered
}

/** A hash is asked with again: nothing else that a node says goes into a question. */
function readBlockHash(value: unknown, call: string): Step<string> {
  return typeof value === 'string' && value.startsWith('0x') && readHash(value, 32) !== undefined
    ? done(value.toLowerCase())
    : stopped(failed('protocol', `${call}: no hash`))
}

/** Undefined of a chain without the pallet, of its first block, and of a node that does not offer the call. */
async function getBlockTimeMs(rpc: JsonRpc): Promise<Step<bigint | undefined>> {
  const answered = await callIfKnown(rpc, 'state_getStorage', [NOW_KEY])
  if (!answered.ok) return answered
  const { value } = answered
  // Gossamer says '' of what is not there, as at the first block.
  if (value === undefined || value === null || value === '') return done(undefined)
  const bytes = readHash(value, 8)
  return bytes === undefined
    ? stopped(failed('protocol', 'state_getStorage: no time'))
    : done(Buffer.from(bytes).readBigUInt64LE() & 0x7fff_ffff_ffff_ffffn)
}

async function callIfKnown(
  rpc: JsonRpc,
  method: string,
  params: readonly unknown[],
): Promise<Step<unknown>> {
  const answered = await rpc.call(method, params)
  if (!answered.ok) return answered
  if (answered.value.ok) return done(answered.value.result)
  const { error } = answered.value
  return error.code === METHOD_NOT_FOUND ? done(undefined) : stopped(judgeRpcError(method, error))
}
