import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { makePolicy, slowThreshold } from './default-policy.ts'
import {
  checkChain,
  checkEthereumParams,
  ethereumParams,
  getBlockHead,
  readQuantity,
} from './ethereum.ts'
import { httpOutcomes } from './http-outcomes.ts'
import { isRecord, type JsonRpc, judgeRpcError, makeJsonRpc } from './json-rpc.ts'
import { strictObject } from './schemas.ts'
import { latencySignal } from './signals.ts'

const paramsSchema = strictObject({
  ...ethereumParams,
  blockMs: Type.Integer({
    default: 12_000,
    minimum: 1,
    maximum: 86_400_000,
    description: 'Time between blocks, for the default policy.',
  }),
  referenceDepth: Type.Integer({
    default: 8,
    minimum: 0,
    maximum: 1_000_000,
    description: 'Blocks below the head before a hash is compared: what may still be reorganized.',
  }),
  referenceStep: Type.Integer({
    default: 32,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Hashes are compared at multiples of this height.',
  }),
})
type Params = Static<typeof paramsSchema>

/** A node that is this many blocks late has missed more than bad luck. */
const STALL_BLOCKS = 10
/** Monitors ask at different moments of a round, and block times are whole seconds. */
const STALL_GRACE_MS = 10_000
/** Behind the others of its group by what takes this long to make, and by no less than three blocks. */
const LAG_MS = 30_000
const LAG_BLOCKS_MIN = 3
const METHOD_NOT_FOUND = -32_601

/** An Ethereum-like node: is it on the right chain, at its head, and of one history with the others? */
export const evmRpcKind = defineKind({
  kind: 'evm-rpc',
  summary: 'An EVM node answers over JSON-RPC, on the right chain, at its head.',
  params: paramsSchema,
  check: checkEthereumParams,
  signals: () => [
    latencySignal('From the first packet to the latest block: a connection and one call.'),
    {
      name: 'head',
      unit: 'blocks',
      scale: 0,
      aggregate: 'corroborated',
      meaning: 'Height of the latest block.',
    },
    {
      name: 'head-age',
      unit: 'ms',
      scale: 0,
      aggregate: 'median',
      meaning: 'From the latest block’s time to the start of the round; below 0 if it is later.',
    },
  ],
  identities: [{ name: 'block-hash', meaning: 'Hash of the block at the reference height.' }],
  outcomes: [...httpOutcomes, 'wrong-chain', 'syncing', 'content'],
  defaultPolicy: ({ blockMs }, { timeoutMs, group }) =>
    makePolicy([
      slowThreshold(timeoutMs),
      { signal: 'head-age', above: blockMs * STALL_BLOCKS + STALL_GRACE_MS, severity: 'degraded' },
      ...(group === ''
        ? []
        : [
            {
              signal: 'head',
              lag: Math.max(LAG_BLOCKS_MIN, Math.ceil(LAG_MS / blockMs)),
              severity: 'degraded' as const,
            },
          ]),
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
  const latest = await getBlockHead(rpc, 'latest')
  if (!latest.ok) return latest.stop
  const head = latest.value
  const latency = phases.latencyUs()
  const chain = await checkChain(rpc, params.chainId)
  if (!chain.ok) return chain.stop
  const synced = await checkSynced(rpc)
  if (!synced.ok) return synced.stop
  const height = getReferenceHeight(head.height, params)
  const reference = await getBlockHead(rpc, height)
  if (!reference.ok) return reference.stop
  return {
    status: 'reached',
    reference: { kind: 'height', value: height },
    signals: {
      latency,
      head: BigInt(head.height),
      'head-age': BigInt(roundStartMs - head.timestampMs),
    },
    identities: { 'block-hash': reference.value.hash },
  }
}

/**
 * Monitors see heads that differ by a block or two. They compare hashes deep enough that those are
 * settled, and at round heights, so that all but those on both sides of a step name the same block.
 */
export function getReferenceHeight(
  head: number,
  { referenceDepth, referenceStep }: Pick<Params, 'referenceDepth' | 'referenceStep'>,
): number {
  const settled = Math.max(0, head - referenceDepth)
  return settled - (settled % referenceStep)
}

/** A node that is syncing answers, but from the past. One that does not know the question is not asked. */
async function checkSynced(rpc: JsonRpc): Promise<Step<undefined>> {
  const answered = await rpc.call('eth_syncing', [])
  if (!answered.ok) return answered
  const answer = answered.value
  if (!answer.ok) {
    return answer.error.code === METHOD_NOT_FOUND
      ? done(undefined)
      : stopped(judgeRpcError('eth_syncing', answer.error))
  }
  if (answer.result === false) return done(undefined)
  return stopped(
    isRecord(answer.result) || answer.result === true
      ? failed('syncing', describeSync(answer.result))
      : failed('protocol', 'eth_syncing: neither false nor a state'),
  )
}

/** Two numbers of it, where they are there: the rest may nest deeper than can be written out again. */
function describeSync(state: Record<string, unknown> | true): string {
  if (state === true) return 'no more than that it is'
  const [current, highest] = [state['currentBlock'], state['highestBlock']].map(readQuantity)
  return `at block ${current ?? 'unknown'} of ${highest ?? 'unknown'}`
}
