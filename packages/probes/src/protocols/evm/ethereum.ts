import { type Static, Type } from 'typebox'
import type { Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { callForResult, isRecord, type JsonRpc, type RpcCall } from '../json-rpc/json-rpc.ts'
import {
  accessParams,
  checkHeaders,
  checkUrl,
  type headersSchema,
  rpcUrlSchema,
} from '../../parts/schemas.ts'

// What kinds that ask an Ethereum node share. The JSON-RPC methods are those of the execution API
// specification (github.com/ethereum/execution-apis).

/** Parameters that every such kind has. */
export const ethereumParams = {
  url: rpcUrlSchema,
  ...accessParams,
  chainId: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    examples: [1],
    description: 'The chain that it must be (EIP-155).',
  }),
}

export function checkEthereumParams(params: {
  url: string
  headers: Static<typeof headersSchema>
}) {
  return [...checkUrl('url', params.url), ...checkHeaders('headers', params.headers)]
}

/** What is read of a block. */
export interface BlockHead {
  readonly height: number
  readonly timestampMs: number
  readonly hash: Uint8Array
  /** What a chain need not have, or a server need not tell, is undefined. */
  readonly gasUsed: number | undefined
  readonly gasLimit: number | undefined
  readonly baseFeeWei: number | undefined
  readonly transactions: number | undefined
}

/** Whether the node follows the chain that the manifest names, by its answer to `eth_chainId`. */
export function readChain(result: unknown, chainId: number): Step<undefined> {
  const actual = readQuantity(result)
  if (actual === undefined) return stopped(failed('protocol', 'eth_chainId: no number'))
  return actual === chainId
    ? done(undefined)
    : stopped(failed('wrong-chain', `chain ${actual}, not ${chainId}`))
}

/** The call for a block without its transactions. @param block - a height, or `latest` */
export function makeBlockCall(block: number | 'latest'): RpcCall {
  const tag = block === 'latest' ? block : toQuantity(block)
  return { method: 'eth_getBlockByNumber', params: [tag, false] }
}

/** The answer to {@link makeBlockCall}. */
export function readBlock(result: unknown, block: number | 'latest'): Step<BlockHead> {
  if (result === null) return stopped(failed('content', `block ${block} is not there`))
  const head = isRecord(result) ? readBlockHead(result) : undefined
  if (head === undefined) return stopped(failed('protocol', `block ${block} is no block`))
  return block === 'latest' || head.height === block
    ? done(head)
    : stopped(failed('content', `asked for block ${block}, got ${head.height}`))
}

/** Asks for the head. */
export async function getHead(rpc: JsonRpc): Promise<Step<BlockHead>> {
  const { method, params } = makeBlockCall('latest')
  const answered = await callForResult(rpc, method, params)
  return answered.ok ? readBlock(answered.value, 'latest') : answered
}

function readBlockHead(block: Record<string, unknown>): BlockHead | undefined {
  const height = readQuantity(block['number'])
  const timestamp = readQuantity(block['timestamp'])
  const hash = readBytes(block['hash'])
  const { transactions } = block
  if (height === undefined || timestamp === undefined || hash?.length !== 32) return undefined
  const timestampMs = timestamp * 1000
  if (!Number.isSafeInteger(timestampMs)) return undefined
  return {
    height,
    timestampMs,
    hash,
    gasUsed: readQuantity(block['gasUsed']),
    gasLimit: readQuantity(block['gasLimit']),
    baseFeeWei: readQuantity(block['baseFeePerGas']),
    transactions: Array.isArray(transactions) ? transactions.length : undefined,
  }
}

/** A number in hex, as the execution API writes quantities. */
export function toQuantity(value: number): string {
  return `0x${value.toString(16)}`
}

/** A quantity in hex, if it is one that a number holds exactly. */
export function readQuantity(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,16}$/.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

/** Bytes in hex with `0x`, if they are that. */
export function readBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) return undefined
  return Buffer.from(value.slice(2), 'hex')
}
