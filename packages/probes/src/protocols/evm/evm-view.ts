import { type Static, Type } from 'typebox'
import type { ProbeContext, Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import {
  type BlockHead,
  getHead,
  readBytes,
  readChain,
  toQuantity,
  type ethereumParams,
} from './ethereum.ts'
import { callAll } from '../json-rpc/json-rpc-batch.ts'
import { getResult, judgeRpcError, makeJsonRpc, type RpcAnswer } from '../json-rpc/json-rpc.ts'
import { blockMsSchema, getReferenceHeight } from './reference-block.ts'

/** Where kinds that read contracts read them: one block for all monitors of a round. */
export const viewParams = {
  blockMs: blockMsSchema,
  referenceDepth: Type.Integer({
    default: 1,
    minimum: 0,
    maximum: 100,
    description:
      'Blocks’ time before the round at which contracts are read. Nodes keep the state of some ' +
      'hundred blocks only.',
  }),
  batch: Type.Boolean({
    default: true,
    description: 'Ask in one request; a server that takes no batches is asked one by one.',
  }),
}

/** A read-only call. */
export interface ContractCall {
  readonly to: string
  readonly data: string
}

/** What contracts said at one block. */
export interface EvmView {
  /** The node's head; the block read is at or below it. */
  readonly head: BlockHead
  readonly height: number
  /** Microseconds of the first call, the head's, with its connection. */
  readonly latency: bigint
  /** In the order of the calls: what was returned, or why nothing was. */
  readonly returned: readonly Step<Uint8Array>[]
}

type ViewParams = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly chainId: Static<typeof ethereumParams.chainId>
  readonly blockMs: number
  readonly referenceDepth: number
  readonly batch: boolean
}

/**
 * Calls contracts, all of them at the round's reference block, so that what they say depends on the
 * round rather than on when a monitor asks. Two requests: the head, and everything else.
 */
export async function viewContracts(
  params: ViewParams,
  calls: readonly ContractCall[],
  context: ProbeContext,
): Promise<Step<EvmView>> {
  const rpc = makeJsonRpc(new URL(params.url), params.headers, context)
  try {
    const latest = await getHead(rpc)
    if (!latest.ok) return latest
    const head = latest.value
    const latency = context.phases.latencyUs()
    const reference = { ...params, referenceStep: 1 }
    const height = getReferenceHeight(head, reference, context.roundStartMs)
    const tag = toQuantity(height)
    const list = [
      { method: 'eth_chainId', params: [] },
      ...calls.map((call) => ({ method: 'eth_call', params: [call, tag] })),
    ]
    const answered = await callAll(rpc, list, params.batch, context)
    if (!answered.ok) return answered
    const [chainId, ...answers] = answered.value
    // Before anything is said of a contract: on another chain it means nothing that it is not there.
    const named = getResult('eth_chainId', chainId)
    if (!named.ok) return named
    const chain = readChain(named.value, params.chainId)
    if (!chain.ok) return chain
    return done({ head, height, latency, returned: answers.map(readReturned) })
  } finally {
    rpc.close()
  }
}

function readReturned(answer: RpcAnswer): Step<Uint8Array> {
  if (!answer.ok) {
    const { error } = answer
    return stopped(
      isRevert(answer) ? failed('reverted', error.message) : judgeRpcError('eth_call', error),
    )
  }
  const bytes = readBytes(answer.result)
  if (bytes === undefined) return stopped(failed('protocol', 'eth_call: no bytes'))
  // What a call to an address without code gives, and a contract that lacks the function.
  return bytes.length === 0 ? stopped(failed('reverted', 'no such contract')) : done(bytes)
}

/** Nodes differ in how they say it: error 3 with the data, -32000, or -32015 and words. */
function isRevert({ error: { code, message, hasData } }: RpcAnswer & { ok: false }): boolean {
  return code === 3 || hasData || /revert|invalid opcode|out of gas/i.test(message)
}
