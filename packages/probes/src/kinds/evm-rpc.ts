import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { lagThreshold, stallThreshold } from '../parts/chain-params.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import {
  checkEthereumParams,
  ethereumParams,
  getHead,
  makeBlockCall,
  readBlock,
  readChain,
} from '../protocols/evm/ethereum.ts'
import { evmSignals, getChainSignals, getHeadSignals } from '../protocols/evm/evm-signals.ts'
import { judgeSyncing, readClient, readNewest, readPeers } from '../protocols/evm/evm-answers.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { callAll } from '../protocols/json-rpc/json-rpc-batch.ts'
import { getResult, type JsonRpc, makeJsonRpc } from '../protocols/json-rpc/json-rpc.ts'
import { blockMsSchema, getReferenceHeight } from '../protocols/evm/reference-block.ts'
import { strictObject } from '../parts/schemas.ts'
import { getPhaseSignals } from '../parts/phase-signals.ts'

const paramsSchema = strictObject({
  ...ethereumParams,
  blockMs: blockMsSchema,
  referenceDepth: Type.Integer({
    default: 8,
    minimum: 0,
    maximum: 1_000_000,
    description: 'Blocks’ time before the round whose hash is compared: what may be reorganized.',
  }),
  referenceStep: Type.Integer({
    default: 32,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Hashes are compared at multiples of this height.',
  }),
  batch: Type.Boolean({
    default: true,
    description: 'Ask in one request; a server that takes no batches is asked one by one.',
  }),
})
type Params = Static<typeof paramsSchema>

/** An Ethereum-like node: is it on the right chain, at its head, and of one history with the others? */
export const evmRpcKind = defineKind({
  kind: 'evm-rpc',
  summary: 'An EVM node answers over JSON-RPC, on the right chain, at its head.',
  params: paramsSchema,
  check: checkEthereumParams,
  signals: ({ url }) => evmSignals(url),
  identities: [
    { name: 'block-hash', meaning: 'Hash of the block at the reference height.' },
    {
      name: 'client',
      meaning: 'Name and version of the node’s software, in ASCII, cut to 32 bytes.',
      optional: true,
    },
  ],
  outcomes: [...httpOutcomes, 'wrong-chain', 'syncing', 'content'],
  defaultPolicy: ({ blockMs }, { timeoutMs, group }) =>
    makePolicy([
      slowThreshold(timeoutMs),
      stallThreshold(blockMs),
      ...lagThreshold('head', blockMs, group),
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

/**
 * Two requests: the head, by which latency is measured, and all that depends on it. Of safe and
 * finalized blocks only the height is wanted, which `eth_feeHistory` says in a hundredth of the bytes.
 */
async function ask(rpc: JsonRpc, params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const latest = await getHead(rpc)
  if (!latest.ok) return latest.stop
  const head = latest.value
  const times = getPhaseSignals(context.phases, params.url)
  const height = getReferenceHeight(head, params, context.roundStartMs)
  const getNewest = (tag: string) => ({
    method: 'eth_feeHistory',
    params: ['0x1', tag, []],
    optional: true as const,
  })
  const calls = [
    { method: 'eth_chainId', params: [] },
    makeBlockCall(height),
    { method: 'eth_syncing', params: [], optional: true as const },
    { method: 'net_peerCount', params: [], optional: true as const },
    { method: 'web3_clientVersion', params: [], optional: true as const },
    getNewest('safe'),
    getNewest('finalized'),
  ]
  const answered = await callAll(rpc, calls, params.batch, context)
  if (!answered.ok) return answered.stop
  const [chainId, block, syncing, peers, client, safe, finalized] = answered.value
  const chain = getResult('eth_chainId', chainId)
  if (!chain.ok) return chain.stop
  const isRight = readChain(chain.value, params.chainId)
  if (!isRight.ok) return isRight.stop
  const behind = judgeSyncing(syncing)
  if (behind !== undefined) return behind
  const found = getResult('eth_getBlockByNumber', block)
  if (!found.ok) return found.stop
  const reference = readBlock(found.value, height)
  if (!reference.ok) return reference.stop
  const software = readClient(client)
  return {
    status: 'reached',
    reference: { kind: 'height', value: height },
    signals: {
      ...times,
      ...getHeadSignals(head, reference.value, context.roundStartMs),
      ...getChainSignals(head, {
        safe: readNewest(safe),
        finalized: readNewest(finalized),
        peers: readPeers(peers),
      }),
    },
    identities: {
      'block-hash': reference.value.hash,
      ...(software === undefined ? {} : { client: software }),
    },
  }
}
