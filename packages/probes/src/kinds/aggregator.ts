import type { Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { readBytes } from './ethereum.ts'
import type { JsonRpc } from './json-rpc.ts'
import { judgeRpcError, type RpcError } from './json-rpc.ts'

// Chainlink's AggregatorV3Interface, by hand: two calls without arguments and six words of answers
// do not warrant loading an ABI library into every node.

/** First 4 bytes of keccak256 of `decimals()` and `latestRoundData()`; the tests compute them. */
export const selectors = { decimals: '0x313ce567', latestRoundData: '0xfeaf968c' } as const

const WORD_BYTES = 32
const UINT80_MAX = 2n ** 80n - 1n
/** `updatedAt` is in seconds; in milliseconds it must be a safe integer (SPEC 1). */
const SECONDS_MAX = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 1000))

/** What `latestRoundData` gives. */
export interface RoundData {
  /** Of the proxy: the aggregator's round in the lower 64 bits, its phase above. */
  readonly roundId: bigint
  readonly answer: bigint
  /** Seconds; 0 while the round is not complete. */
  readonly updatedAt: bigint
  /** The round whose answer this is: less than `roundId` if it was carried over. */
  readonly answeredInRound: bigint
}

/** Calls a function without arguments on a contract. */
export async function callContract(
  rpc: JsonRpc,
  address: string,
  selector: string,
): Promise<Step<Uint8Array>> {
  const answered = await rpc.call('eth_call', [{ to: address, data: selector }, 'latest'])
  if (!answered.ok) return answered
  const answer = answered.value
  if (!answer.ok) {
    return stopped(
      isRevert(answer.error)
        ? failed('reverted', answer.error.message)
        : judgeRpcError('eth_call', answer.error),
    )
  }
  const bytes = readBytes(answer.result)
  if (bytes === undefined) return stopped(failed('protocol', 'eth_call: no bytes'))
  // What a call to an address without code gives, and a contract that lacks the function.
  return bytes.length === 0 ? stopped(failed('reverted', 'no such contract')) : done(bytes)
}

/** Nodes differ in how they say it: error 3 with the data, -32000, or -32015 and words. */
function isRevert({ code, message, hasData }: RpcError): boolean {
  return code === 3 || hasData || /revert|invalid opcode|out of gas/i.test(message)
}

/** The answer of `decimals()`. */
export function readDecimals(bytes: Uint8Array): Step<number> {
  const value = readWord(bytes, 0)
  return bytes.length === WORD_BYTES && value <= 255n
    ? done(Number(value))
    : stopped(failed('content', 'decimals: no uint8'))
}

/** The answer of `latestRoundData()`, if it is of a complete round. */
export function readRoundData(bytes: Uint8Array): Step<RoundData> {
  if (bytes.length !== 5 * WORD_BYTES) {
    return stopped(failed('content', `latestRoundData: ${bytes.length} bytes`))
  }
  const roundId = readWord(bytes, 0)
  const answer = BigInt.asIntN(256, readWord(bytes, 1))
  const updatedAt = readWord(bytes, 3)
  const answeredInRound = readWord(bytes, 4)
  if (roundId > UINT80_MAX || answeredInRound > UINT80_MAX || updatedAt > SECONDS_MAX) {
    return stopped(failed('content', 'latestRoundData: out of range'))
  }
  if (roundId === 0n || updatedAt === 0n) {
    return stopped(failed('content', `round ${roundId} is not complete`))
  }
  if (answeredInRound > roundId) {
    return stopped(failed('content', `round ${roundId} was answered in ${answeredInRound}`))
  }
  return done({ roundId, answer, updatedAt, answeredInRound })
}

/** An unsigned word of 32 bytes; 0 beyond the end. */
function readWord(bytes: Uint8Array, index: number): bigint {
  let value = 0n
  for (const byte of bytes.subarray(index * WORD_BYTES, (index + 1) * WORD_BYTES)) {
    value = (value << 8n) | BigInt(byte)
  }
  return value
}
