import {
  type EpochContext,
  getRoundAt,
  getWeight,
  type MemberIndex,
  type Round,
  type UnixMs,
  type View,
} from '@watchfire/attestation'
import type { Status } from '@watchfire/consensus'
import type { Clock, Log, VoteLog } from '../ports.ts'
import type { MemberBook } from './member-book.ts'

// A node that cannot know what its key signed signs nothing until it is safely past it (SPEC 6.9).
//
// Anyone can claim a member's answer on `highest`, so those only bring certificates, which prove
// themselves. A member counts as having answered once a status record signed by it after our start
// came in, and we hold certificates up to the view it says it is in: a member that claims more than
// it can show never counts, and none can hold us back.

/** Views and rounds left free above what may have been signed (SPEC 6.9). */
const viewsFree = 3
const roundsFree = 2
const pollMs = 500

export interface QuarantineOptions {
  readonly context: EpochContext
  readonly me: MemberIndex
  readonly members: MemberBook
  readonly voteLog: VoteLog
  readonly clock: Clock
  readonly log: Log
  readonly getCore: () => Status
  /** Asks all peers for their highest certificates. */
  readonly askHighest: () => void
  /** Runs what may fail on storage; a failure stops the node. */
  readonly guard: (run: () => void) => void
  /** The log's floor is raised: its id goes beside the key, and the node signs from there. */
  readonly onSafe: (fromView: View, fromRound: Round) => void
}

/**
 * Waits until it is safe to sign, then raises the log's floor and says so.
 *
 * @param why in words, for the operator
 * @returns ends it
 */
export function startQuarantine(options: QuarantineOptions, why: string): () => void {
  const { context, me, members, voteLog, clock, log, getCore } = options
  const startedMs = clock.nowMs()
  const needed = Math.max(0, context.quorum - getWeight(context, [me]))
  let cancel: () => void = () => undefined
  log.warn({}, `signing nothing until it is safe (SPEC 6.9): ${why}`)

  function listAnswered(): MemberIndex[] {
    const { view } = getCore()
    return context.memberIds.flatMap((_, index) => {
      const member = index as MemberIndex
      const status = members.get(member).status?.message
      const isFresh = status !== undefined && status.timeMs > startedMs
      return member !== me && isFresh && view >= status.view ? [member] : []
    })
  }

  function getRoundSeen(): number {
    const rounds = context.memberIds.map(
      (_, index) => members.get(index as MemberIndex).lastAttestationRound ?? 0,
    )
    const nowMs: UnixMs = clock.nowMs()
    const { finalRound, tipRound } = getCore()
    return Math.max(finalRound, tipRound, getRoundAt(context.parameters, nowMs) ?? 0, ...rounds)
  }

  function turn(): void {
    options.askHighest()
    const answered = getWeight(context, listAnswered())
    if (answered < needed) {
      cancel = clock.setTimer(pollMs, turn)
      return
    }
    const view = (getCore().view + viewsFree) as View
    const round = (getRoundSeen() + roundsFree) as Round
    // Kept first: a restart from here on must not sign below.
    options.guard(() => {
      voteLog.raiseFloor({ epoch: context.epoch, view, round })
      log.info({ view, round }, `members of weight ${answered} answered: signing again from here`)
      options.onSafe(view, round)
    })
  }
  cancel = clock.setTimer(pollMs, turn)
  return () => cancel()
}
