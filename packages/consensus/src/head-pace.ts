import { type HeadPace, type Mark, type Round, toBits, toSigned } from '@watchfire/attestation'
import type { HeadPlan } from './plan.ts'

// How fast a head rises, from three rounds in which it rose, so that no state but the parent's is
// needed (SPEC 7.11).

/** Rounds and units of the head from one mark to the next, at the least. */
const MARK_ROUNDS = 16
const MARK_UNITS = 8n
/** Intervals without a rise after which a head is late: blocks that come at random leave nine out once in 8,000. */
const LATE_INTERVALS = 10

/** What is remembered of a head after a round in which it was agreed on. */
export function moveMarks(
  { name, scale }: HeadPlan,
  before: HeadPace | undefined,
  round: Round,
  value: bigint,
  roundMs: number,
): HeadPace {
  const now: Mark = { round, value: toBits(value) }
  if (before === undefined || value < toSigned(before.older.value))
    return { name, older: now, newer: now, last: now, intervalUs: 0 }
  if (value <= toSigned(before.last.value)) return before
  const isApart =
    round - before.newer.round >= MARK_ROUNDS &&
    value - toSigned(before.newer.value) >= MARK_UNITS * 10n ** BigInt(scale)
  const older = isApart ? before.newer : before.older
  const intervalUs = getIntervalUs(older, now, scale, roundMs)
  return { name, older, newer: isApart ? now : before.newer, last: now, intervalUs }
}

/** Mean time of 1 of the head's unit between two marks, the later one higher. */
function getIntervalUs(older: Mark, last: Mark, scale: number, roundMs: number): number {
  const overUs = BigInt(last.round - older.round) * BigInt(roundMs) * 1000n
  return toSafe(
    divDown(overUs * 10n ** BigInt(scale), toSigned(last.value) - toSigned(older.value)),
  )
}

/** Whether it is too long ago that a head rose, by its own pace. */
export function isLate({ last, intervalUs }: HeadPace, round: Round, roundMs: number): boolean {
  const roundUs = BigInt(roundMs) * 1000n
  const silentUs = BigInt(round - last.round) * roundUs
  return (
    silentUs > BigInt(MARK_ROUNDS) * roundUs &&
    silentUs > BigInt(LATE_INTERVALS) * BigInt(intervalUs)
  )
}

/**
 * How long ago the head in front was where one like it is now: the finality time of a head that
 * tells what is final. 0 while the pace of the one in front is unknown.
 */
export function getBehindMs(
  front: bigint,
  value: bigint,
  scale: number,
  intervalUs: number,
): number {
  return toSafe(divDown((front - value) * BigInt(intervalUs), 1000n * 10n ** BigInt(scale)))
}

/** Of numbers that are not below 0. */
function divDown(dividend: bigint, divisor: bigint): bigint {
  return dividend / divisor
}

/** At most what a uint64 of the protocol may be (SPEC 1). */
function toSafe(value: bigint): number {
  return Number(value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : value)
}
