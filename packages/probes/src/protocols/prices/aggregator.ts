import type { Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { readSignedWord, readString, readWord, WORD_BYTES } from '../evm/abi.ts'

// Chainlink's AggregatorV3Interface, by hand: calls without arguments and six words of answers do not
// warrant loading an ABI library into every node.

/** First 4 bytes of keccak256 of each function's signature; the tests compute them. */
export const selectors = {
  decimals: '0x313ce567',
  description: '0x7284e416',
  latestRoundData: '0xfeaf968c',
} as const

const UINT80_MAX = 2n ** 80n - 1n
/** Times are in seconds; in milliseconds they must be safe integers (SPEC 1). */
const SECONDS_MAX = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 1000))

/** What `latestRoundData` gives, of a complete round. */
export interface RoundData {
  /** Of the proxy: the aggregator's round in the lower 64 bits, its phase above. */
  readonly roundId: bigint
  readonly answer: bigint
  /** When the round began; of a sequencer's status, when it last changed. 0 where a feed tells none. */
  readonly startedAtMs: number
  readonly updatedAtMs: number
  /** The round whose answer this is: less than `roundId` if it was carried over. */
  readonly answeredInRound: bigint
}

/** The answer of `decimals()`, which must be what the manifest names. */
export function readDecimals(bytes: Uint8Array, expected: number): Step<undefined> {
  const value = readWord(bytes, 0)
  if (bytes.length !== WORD_BYTES || value > 255n) {
    return stopped(failed('content', 'decimals: no uint8'))
  }
  return value === BigInt(expected)
    ? done(undefined)
    : stopped(failed('content', `${value} decimals, not ${expected}`))
}

/** The answer of `description()`, which must be what the manifest names: the feed of this pair. */
export function readDescription(bytes: Uint8Array, expected: string): Step<undefined> {
  const text = readString(bytes)
  return text === expected
    ? done(undefined)
    : stopped(failed('content', `description ${JSON.stringify(text ?? null)}, not ${expected}`))
}

/** The answer of `latestRoundData()`, if it is of a complete round. */
export function readRoundData(bytes: Uint8Array): Step<RoundData> {
  if (bytes.length !== 5 * WORD_BYTES) {
    return stopped(failed('content', `latestRoundData: ${bytes.length} bytes`))
  }
  const roundId = readWord(bytes, 0)
  const answer = readSignedWord(bytes, 1)
  const startedAt = readWord(bytes, 2)
  const updatedAt = readWord(bytes, 3)
  const answeredInRound = readWord(bytes, 4)
  const isInRange =
    roundId <= UINT80_MAX &&
    answeredInRound <= UINT80_MAX &&
    updatedAt <= SECONDS_MAX &&
    startedAt <= SECONDS_MAX
  if (!isInRange) return stopped(failed('content', 'latestRoundData: out of range'))
  if (roundId === 0n || updatedAt === 0n) {
    return stopped(failed('content', `round ${roundId} is not complete`))
  }
  if (answeredInRound > roundId) {
    return stopped(failed('content', `round ${roundId} was answered in ${answeredInRound}`))
  }
  return done({
    roundId,
    answer,
    startedAtMs: Number(startedAt) * 1000,
    updatedAtMs: Number(updatedAt) * 1000,
    answeredInRound,
  })
}

/** A round id as an identity: 10 bytes, big-endian. */
export function toRoundIdBytes(roundId: bigint): Uint8Array {
  return Buffer.from(roundId.toString(16).padStart(20, '0'), 'hex')
}
