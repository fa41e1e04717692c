import {
  type Policy,
  type Round,
  reasonKinds,
  type TargetState,
  verdicts,
} from '@watchfire/attestation'
import { hasBit } from './thresholds.ts'

// SPEC 7.7 and 7.8. Weights reach 2^53 − 1, so they are multiplied as bigint only.

/** What one block's observations say of a target, before hysteresis. */
export interface RawVerdict {
  readonly verdict: number
  readonly reasonKind: number
  readonly reasonCode: number
}

/** What the raw verdict rests on: the agreed part of a target's new state, and what it leaves out. */
export interface Measured {
  readonly reached: number
  readonly failed: number
  readonly outcome: number
  /** Whether it is on another chain than most of its group (SPEC 7.6). */
  readonly astray: boolean
  /** A bit for each threshold of the policy that holds, by index. */
  readonly holding: number
  /** Distinct non-empty labels among the members whose observation failed. */
  readonly failing: {
    readonly regions: number
    readonly networks: number
    readonly operators: number
  }
}

/** The first rule of SPEC 7.7 that applies. @param faultyLive what may still lie (SPEC 7.2) */
export function getRawVerdict(policy: Policy, measured: Measured, faultyLive: number): RawVerdict {
  const { reached, failed } = measured
  const observing = reached + failed
  if (!isMoreThanTwice(observing, faultyLive)) {
    return { verdict: verdicts.unknown, reasonKind: reasonKinds.observers, reasonCode: 0 }
  }
  if (isShareAtLeast(failed, observing, policy.failedMin)) {
    const { regions, networks, operators } = measured.failing
    const seenWidely =
      regions >= policy.regionsMin &&
      networks >= policy.networksMin &&
      operators >= policy.operatorsMin
    return seenWidely
      ? { verdict: verdicts.down, reasonKind: reasonKinds.outcome, reasonCode: measured.outcome }
      : { verdict: verdicts.disputed, reasonKind: reasonKinds.vantage, reasonCode: 0 }
  }
  if (!isShareAtLeast(reached, observing, policy.reachedMin)) {
    return { verdict: verdicts.disputed, reasonKind: reasonKinds.share, reasonCode: 0 }
  }
  return getGradedVerdict(policy, measured)
}

/** Rules 4 and 5 of SPEC 7.7: the gravest of what holds, the first of equals; else up. */
function getGradedVerdict(policy: Policy, { astray, holding }: Measured): RawVerdict {
  const isAstray = astray && policy.astray > verdicts.up
  let verdict: number = isAstray ? policy.astray : verdicts.up
  let reasonKind: number = isAstray ? reasonKinds.astray : reasonKinds.none
  let reasonCode = 0
  for (const [index, threshold] of policy.thresholds.entries()) {
    if (threshold.severity > verdict && hasBit(holding, index)) {
      verdict = threshold.severity
      reasonKind = reasonKinds.threshold
      reasonCode = index
    }
  }
  return { verdict, reasonKind, reasonCode }
}

/** A block's round and its parent's, and the gap that may lie between. */
export interface Rounds {
  readonly round: Round
  readonly parentRound: Round
  readonly gapMax: number
}

/** Whether what the parent's state remembers of a target is too old to count (SPEC 7.7, 7.8). */
export function isLongGap({ round, parentRound, gapMax }: Rounds): boolean {
  return round - parentRound > gapMax
}

/** The part of a target's state that hysteresis decides. */
export type Settled = Pick<
  TargetState,
  'verdict' | 'settled' | 'since' | 'streak' | 'streakCount' | 'reasonKind' | 'reasonCode'
>

/**
 * One step of hysteresis (SPEC 7.8).
 *
 * @param previous the target in the parent's state
 * @param rounds the block's round and its parent's
 */
export function settleVerdict(
  previous: Settled,
  raw: RawVerdict,
  policy: Policy,
  rounds: Rounds,
): Settled {
  const isGap = isLongGap(rounds)
  const streak = isGap ? 0 : previous.streak
  const streakCount = isGap ? 0 : previous.streakCount
  const counted = countStreak(previous.settled, { streak, streakCount }, raw.verdict, policy)
  const verdict = raw.verdict === verdicts.unknown ? verdicts.unknown : counted.settled
  const isChanged = verdict !== previous.verdict
  const keepsReason = raw.verdict !== verdict && !isChanged
  return {
    ...counted,
    verdict,
    since: isChanged ? rounds.round : previous.since,
    reasonKind: keepsReason ? previous.reasonKind : raw.reasonKind,
    reasonCode: keepsReason ? previous.reasonCode : raw.reasonCode,
  }
}

type Streak = Pick<TargetState, 'streak' | 'streakCount'>
const noStreak: Streak = { streak: 0, streakCount: 0 }

function countStreak(
  settled: number,
  { streak, streakCount }: Streak,
  raw: number,
  policy: Policy,
): Streak & { settled: number } {
  if (raw === verdicts.unknown) return { settled, streak, streakCount }
  // A target's first agreed result is its verdict.
  if (settled === 0) return { settled: raw, ...noStreak }
  if (raw === settled) return { settled, ...noStreak }
  const isWorse = raw > settled
  const goesOn = streak !== 0 && streak > settled === isWorse
  const towards = !goesOn ? raw : isWorse ? Math.min(streak, raw) : Math.max(streak, raw)
  const count = goesOn ? streakCount + 1 : 1
  const needed = isWorse ? policy.fallRounds : policy.riseRounds
  if (count >= needed) return { settled: towards, ...noStreak }
  return { settled, streak: towards, streakCount: count }
}

/** `weight > 2 · other`, within safe integers. */
export function isMoreThanTwice(weight: number, other: number): boolean {
  return weight - other > other
}

/** `part · 1000 ≥ whole · perMille`. */
export function isShareAtLeast(part: number, whole: number, perMille: number): boolean {
  return BigInt(part) * 1000n >= BigInt(whole) * BigInt(perMille)
}
