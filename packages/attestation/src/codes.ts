// Closed sets of SPEC chapter 3: the number on the wire for each name.

/** Kinds of votes and of view certificates (SPEC 6.5, 6.6). */
export const voteKinds = { notarize: 1, nullify: 2, finalize: 3 } as const
/** The name of a vote’s kind. */
export type VoteKindName = keyof typeof voteKinds

/** How an observer fared with a target; absent is no entry at all (SPEC 3). */
export const observationStatuses = { reached: 1, failed: 2, abstained: 3 } as const
/** The name of an observation’s status. */
export type ObservationStatusName = keyof typeof observationStatuses

/** Why a target was not reached. */
export const outcomes = {
  refused: 1,
  timeout: 2,
  dns: 3,
  tls: 4,
  protocol: 5,
  'wrong-chain': 6,
  'too-large': 7,
  redirect: 8,
  status: 9,
  unreachable: 10,
  reset: 11,
  auth: 12,
  syncing: 13,
  certificate: 14,
  content: 15,
  stale: 16,
  reverted: 17,
} as const
/** The name of a failure. */
export type OutcomeName = keyof typeof outcomes

/** Why an observer says nothing about a target: its own failure, never the target's. */
export const abstentions = {
  'forbidden-address': 1,
  'unsupported-kind': 2,
  'self-unhealthy': 3,
  overloaded: 4,
  clock: 5,
  internal: 6,
  'no-secret': 7,
  stopping: 8,
} as const
/** The name of a reason to abstain. */
export type AbstentionName = keyof typeof abstentions

/** What an observation’s reference counts: nothing, a height, or milliseconds. */
export const referenceKinds = { none: 0, height: 1, time: 2 } as const
/** The name of a reference’s kind. */
export type ReferenceKindName = keyof typeof referenceKinds

/** How a signal is agreed on (SPEC 7.4). */
export const aggregates = { median: 1, corroborated: 2 } as const
/** The name of an aggregate. */
export type AggregateName = keyof typeof aggregates

/** How a threshold compares the agreed value (SPEC 7.7). */
export const thresholdOps = { above: 1, below: 2, lag: 3 } as const
/** The name of a comparison. */
export type ThresholdOpName = keyof typeof thresholdOps

/** Verdicts in order of severity; `unknown` stands outside that order (SPEC 3, 7.7). */
export const verdicts = { up: 1, degraded: 2, disputed: 3, down: 4, unknown: 5 } as const
/** The name of a verdict. */
export type VerdictName = keyof typeof verdicts

/** What a policy makes of a target that is on another chain than most of its group (SPEC 7.7). */
export const astrayNames = { none: 0, degraded: verdicts.degraded, down: verdicts.down } as const
/** The name of what a policy makes of it. */
export type AstrayName = keyof typeof astrayNames

/** Why a verdict is what it is (SPEC 3, 7.7). */
export const reasonKinds = {
  none: 0,
  outcome: 1,
  threshold: 2,
  share: 3,
  observers: 4,
  vantage: 5,
  astray: 6,
} as const
/** The name of a reason’s kind. */
export type ReasonKindName = keyof typeof reasonKinds

/**
 * How a group is (SPEC 7.11). `forked`: some of its targets are on another chain than most. `still`:
 * no head rose for long. `unknown`: no head can be followed.
 */
export const standings = { advancing: 1, still: 2, forked: 3, unknown: 4 } as const
/** The name of a standing. */
export type StandingName = keyof typeof standings

/** Identities that tell the chain a node is on, by the names that kinds give them, ascending (SPEC 7.6). */
export const chainIdentities = ['block-hash', 'finalized-root'] as const

/** The name of a code, or the number in decimal where it is reserved for later. */
export function getCodeName(codes: Readonly<Record<string, number>>, code: number): string {
  for (const [name, value] of Object.entries(codes)) if (value === code) return name
  return String(code)
}
