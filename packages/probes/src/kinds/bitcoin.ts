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
  peersMinSchema,
  peersSignal,
  peersThreshold,
} from '../parts/chain-params.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { getHeightByDepth } from '../protocols/evm/reference-block.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import {
  callForResult,
  isRecord,
  type JsonRpc,
  judgeRpcError,
  makeJsonRpc,
} from '../protocols/json-rpc/json-rpc.ts'
import { readCount, readHash, toFlag } from '../parts/readings.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

// Calls of Bitcoin Core's RPC (bitcoincore.org/en/doc, chapter blockchain). Heights are numbers,
// hashes hex as people read them, times in seconds, progress a fraction of 1.

const paramsSchema = strictObject({
  url: urlSchema,
  ...accessParams,
  chain: Type.String({
    pattern: '^[a-z0-9]{1,16}$',
    examples: ['main'],
    description: 'The chain it must name: main, test, signet, regtest, or what the node calls it.',
  }),
  blockMs: Type.Integer({
    default: 600_000,
    minimum: 1000,
    maximum: 86_400_000,
    description: 'Mean time between blocks, for the default policy.',
  }),
  peersMin: peersMinSchema(4),
  referenceDepth: Type.Integer({
    default: 2,
    minimum: 0,
    maximum: 1000,
    description: 'Blocks below the tip before a hash is compared: what may still be reorganized.',
  }),
  referenceStep: Type.Integer({
    default: 6,
    minimum: 1,
    maximum: 10_000,
    description: 'Hashes are compared at multiples of this height.',
  }),
})
type Params = Static<typeof paramsSchema>

/** Blocks come at random: nine intervals without one happen once in 8,000 blocks, or two months. */
const STALL_BLOCKS = 9
/** A new header is there before its block; two without their blocks are more than that. */
const HEADER_LAG_MAX = 1
/** Decimal digits of the progress; its last blocks are a few millionths of the whole chain. */
const PROGRESS_SCALE = 6
const PROGRESS_MIN = 999_000
const IN_WARMUP = -28
const METHOD_NOT_FOUND = -32_601

/** A Bitcoin node, or one that speaks as Bitcoin Core does. */
export const bitcoinKind = defineKind({
  kind: 'bitcoin',
  summary: 'A Bitcoin node has verified its chain up to a recent block.',
  params: paramsSchema,
  check: ({ url, headers }) => [...checkUrl('url', url), ...checkHeaders('headers', headers)],
  signals: () => [
    latencySignal('From the first packet to the chain’s state: a connection and one call.'),
    headSignal('height', 'blocks', 'Height of the tip.'),
    medianSignal('header-lag', 'blocks', 'Headers it holds above the tip.'),
    medianSignal('tip-age', 'ms', 'From the tip’s time to the start of the round.'),
    { ...peersSignal, optional: true },
    {
      ...optionalSignal(
        'verification',
        'chain',
        'What it has verified of the chain, by its guess.',
      ),
      scale: PROGRESS_SCALE,
    },
    {
      ...flagSignal('initial-download', 'It says that it is still fetching the chain.'),
      optional: true,
    },
  ],
  identities: [{ name: 'block-hash', meaning: 'Hash of the block at the reference height.' }],
  outcomes: [...httpOutcomes, 'wrong-chain', 'syncing', 'content'],
  defaultPolicy: ({ blockMs, peersMin }, { timeoutMs, group }) =>
    makePolicy([
      flagThreshold('initial-download'),
      { signal: 'verification', below: PROGRESS_MIN, severity: 'degraded' },
      { signal: 'header-lag', above: HEADER_LAG_MAX, severity: 'degraded' },
      { signal: 'tip-age', above: blockMs * STALL_BLOCKS, severity: 'degraded' },
      ...peersThreshold(peersMin),
      slowThreshold(timeoutMs),
      ...lagThreshold('height', blockMs, group),
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

interface ChainInfo {
  readonly chain: string
  readonly blocks: number
  readonly headers: number
  readonly bestHash: string
  /** Undefined of nodes that do not say. */
  readonly progress: number | undefined
  readonly isInitialDownload: boolean | undefined
}

async function ask(
  rpc: JsonRpc,
  params: Params,
  { phases, roundStartMs }: ProbeContext,
): Promise<ProbeAnswer> {
  const answered = await getChainInfo(rpc)
  if (!answered.ok) return answered.stop
  const latency = phases.latencyUs()
  const info = answered.value
  if (info.chain !== params.chain) return failed('wrong-chain', `chain ${info.chain}`)
  const time = await getBlockTimeMs(rpc, info.bestHash)
  if (!time.ok) return time.stop
  const peers = await getPeerCount(rpc)
  if (!peers.ok) return peers.stop
  const height = getHeightByDepth(info.blocks, params)
  const hash = await getBlockHash(rpc, height)
  if (!hash.ok) return hash.stop
  return {
    status: 'reached',
    reference: { kind: 'height', value: height },
    signals: {
      latency,
      height: BigInt(info.blocks),
      'header-lag': BigInt(info.headers - info.blocks),
      'tip-age': BigInt(roundStartMs - time.value),
      ...(peers.value === undefined ? {} : { peers: BigInt(peers.value) }),
      ...(info.progress === undefined
        ? {}
        : { verification: BigInt(Math.floor(info.progress * 10 ** PROGRESS_SCALE)) }),
      ...(info.isInitialDownload === undefined
        ? {}
        : { 'initial-download': toFlag(info.isInitialDownload) }),
    },
    identities: { 'block-hash': hash.value },
  }
}

async function getChainInfo(rpc: JsonRpc): Promise<Step<ChainInfo>> {
  const method = 'getblockchaininfo'
  const answered = await rpc.call(method, [])
  if (!answered.ok) return answered
  if (!answered.value.ok) {
    const { error } = answered.value
    // It has started, and reads what it kept before it can answer.
    return stopped(
      error.code === IN_WARMUP ? failed('syncing', error.message) : judgeRpcError(method, error),
    )
  }
  const { result } = answered.value
  if (!isRecord(result)) return stopped(failed('protocol', `${method}: no state`))
  const { chain, bestblockhash: bestHash } = result
  const blocks = readCount(result['blocks'])
  const headers = readCount(result['headers'])
  if (
    typeof chain !== 'string' ||
    typeof bestHash !== 'string' ||
    readHash(bestHash, 32) === undefined ||
    blocks === undefined ||
    headers === undefined
  ) {
    return stopped(failed('protocol', `${method}: no state`))
  }
  const progress = result['verificationprogress']
  const isInitialDownload = result['initialblockdownload']
  return done({
    chain,
    blocks,
    headers,
    bestHash,
    progress: typeof progress === 'number' && progress >= 0 && progress <= 2 ? progress : undefined,
    isInitialDownload: typeof isInitialDownload === 'boolean' ? isInitialDownload : undefined,
  })
}

async function getBlockTimeMs(rpc: JsonRpc, hash: string): Promise<Step<number>> {
  const answered = await callForResult(rpc, 'getblockheader', [hash, true])
  if (!answered.ok) return answered
  const time = isRecord(answered.value) ? readCount(answered.value['time']) : undefined
  return time === undefined || !Number.isSafeInteger(time * 1000)
    ? stopped(failed('protocol', 'getblockheader: no time'))
    : done(time * 1000)
}

/** Providers do not offer the call: a node’s peers are no business of their customers. */
async function getPeerCount(rpc: JsonRpc): Promise<Step<number | undefined>> {
  const method = 'getconnectioncount'
  const answered = await rpc.call(method, [])
  if (!answered.ok) return answered
  if (!answered.value.ok) {
    const { error } = answered.value
    return error.code === METHOD_NOT_FOUND ? done(undefined) : stopped(judgeRpcError(method, error))
  }
  const count = readCount(answered.value.result)
  return count === undefined ? stopped(failed('protocol', `${method}: no number`)) : done(count)
}

async function getBlockHash(rpc: JsonRpc, height: number): Promise<Step<Uint8Array>> {
  const answered = await callForResult(rpc, 'getblockhash', [height])
  if (!answered.ok) return answered
  const hash = readHash(answered.value, 32)
  return hash === undefined
    ? stopped(failed('protocol', `getblockhash ${height}: no hash`))
    : done(hash)
}
