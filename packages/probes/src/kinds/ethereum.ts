import { type Static, Type } from 'typebox'
import type { Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { callForResult, isRecord, type JsonRpc } from './json-rpc.ts'
import { checkHeaders, checkUrl, headersSchema, rpcUrlSchema } from './schemas.ts'

// What kinds that ask an Ethereum node share. The JSON-RPC methods are those of the execution API
// specification (github.com/ethereum/execution-apis).

/** Parameters that every such kind has. */
export const ethereumParams = {
  url: rpcUrlSchema,
  headers: headersSchema,
  chainId: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'The chain that it must be (EIP-155).',
  }),
}

export function checkEthereumParams(params: {
  url: string
  headers: Static<typeof headersSchema>
}) {
  return [...checkUrl('url', params.url), ...checkHeaders('headers', params.headers)]
}

/** A block's place, time and hash. */
export interface BlockHead {
  readonly height: number
  readonly timestampMs: number
  readonly hash: Uint8Array
}

/** Checks that the node follows the chain that the manifest names. */
export async function checkChain(rpc: JsonRpc, chainId: number): Promise<Step<undefined>> {
  const answered = await callForResult(rpc, 'eth_chainId', [])
  if (!answered.ok) return answered
  const actual = readQuantity(answered.value)
  if (actual === undefined) return stopped(failed('protocol', 'eth_chainId: no number'))
  return actual === chainId
    ? done(undefined)
    : stopped(failed('wrong-chain', `chain ${actual}, not ${chainId}`))
}

/** @param block - a height, or `latest` */
export async function getBlockHead(
  rpc: JsonRpc,
  block: number | 'latest',
): Promise<Step<BlockHead>> {
  const tag = block === 'latest' ? block : `0x${block.toString(16)}`
  const answered = await callForResult(rpc, 'eth_getBlockByNumber', [tag, false])
  if (!answered.ok) return answered
  if (answered.value === null) return stopped(failed('content', `block ${block} is not there`))
  const head = isRecord(answered.value) ? readBlockHead(answered.value) : undefined
  if (head === undefined) return stopped(failed('protocol', `block ${block} is no block`))
  return block === 'latest' || head.height === block
    ? done(head)
    : stopped(failed('content', `asked for block ${block}, got ${head.height}`))
}

function readBlockHead(block: Record<string, unknown>): BlockHead | undefined {
  const height = readQuantity(block['number'])
  const timestamp = readQuantity(block['timestamp'])
  const hash = readBytes(block['hash'])
  if (height === undefined || timestamp === undefined || hash?.length !== 32) return undefined
  const timestampMs = timestamp * 1000
  return Number.isSafeInteger(timestampMs) ? { height, timestampMs, hash } : undefined
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
