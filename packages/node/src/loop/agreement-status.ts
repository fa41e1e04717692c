import {
  type EpochContext,
  getRoundAt,
  getValidUntilMs,
  getWeight,
  type MemberIndex,
  type MonitorId,
  type Round,
  type UnixMs,
} from '@watchfire/attestation'
import type { Status as CoreStatus } from '@watchfire/consensus'
import type { AgreementStatus, NodeStatus } from '../feed-source.ts'

export interface AgreementInput {
  readonly context: EpochContext
  readonly core: CoreStatus
  /** Members heard lately, this one included. */
  readonly heard: readonly MemberIndex[]
  readonly nowMs: UnixMs
  /** Whether anything is certified since genesis. */
  readonly hasFinal: boolean
  /** The round up to which others say they hold certificates, as far as that is to be believed. */
  readonly othersRound: Round | undefined
  /** Whether the node started so lately that members may not have been heard yet. */
  readonly isNew: boolean
}

export interface AgreementView {
  readonly agreement: AgreementStatus
  readonly reason: string
  readonly heard: NodeStatus['heard']
}

const haltWords: Readonly<Record<NonNullable<CoreStatus['halted']>, string>> = {
  'state-root-mismatch':
    'a quorum notarized a state that differs from the one computed here (SPEC 6.8)',
  'invalid-notarization': 'a quorum notarized a block that breaks the rules',
  'conflicting-finality': 'two blocks that exclude each other were made final (SPEC 6.7)',
}

/** How long a member counts as heard: it signs at least once a round. */
export function getHeardMs(context: EpochContext): number {
  const { roundMs, attestByMs } = context.parameters
  return 2 * roundMs + attestByMs + 500
}

/** How agreement stands, and why, in one line for people. */
export function getAgreement(input: AgreementInput): AgreementView {
  const { context, core, nowMs, hasFinal } = input
  const { quorum, weightTotal, memberIds } = context
  const weight = getWeight(context, input.heard)
  const silent = memberIds.filter((_, index) => !input.heard.includes(index as MemberIndex))
  const heard = {
    members: input.heard.length,
    membersTotal: memberIds.length,
    weight,
    weightTotal,
    quorum,
    silent,
  }
  const round = getRoundAt(context.parameters, nowMs)
  const say = (agreement: AgreementStatus, reason: string): AgreementView => ({
    agreement,
    reason,
    heard,
  })
  if (core.halted !== undefined)
    return say('halted', `this node votes no more: ${haltWords[core.halted]}`)
  if (core.ended) return say('halted', 'the epoch has ended, and the next is not known here')
  if (round === undefined && !hasFinal) {
    const origin = new Date(context.parameters.originMs).toISOString()
    return say('waiting', `the network begins at ${origin}`)
  }
  // Certificates of a time that has not come yet: this clock is behind.
  if (round === undefined || round < core.finalRound - 1)
    return say('waiting', `round ${core.finalRound} is certified, which is yet to come here`)
  const isFresh = hasFinal && nowMs <= getValidUntilMs(context.parameters, core.finalRound)
  const since = hasFinal ? ` since round ${core.finalRound}` : ''
  // Who is behind others cannot say that nothing is certified; nor can who has not met them yet.
  if (!isFresh && input.othersRound !== undefined && input.othersRound > core.finalRound)
    return say(
      'waiting',
      `catching up: others hold certificates up to round ${input.othersRound}, this node${hasFinal ? ` up to round ${core.finalRound}` : ' none yet'}`,
    )
  const counted = `${heard.members} of ${heard.membersTotal} monitors heard (weight ${weight} of quorum ${quorum})`
  if (weight < quorum && input.isNew && !isFresh)
    return say('waiting', `${counted} since this node started: it looks for the others`)
  // One round behind is on time; a certificate still fresh does not hide that none can follow it.
  if (weight < quorum && !input.isNew && core.finalRound < round - 1)
    return say('waiting', `${counted}: no certificate can form${since}; silent: ${list(silent)}`)
  if (isFresh) return say('ok', `round ${core.finalRound} is certified`)
  if (!hasFinal) return say('waiting', `${counted}: the first certificate is being made`)
  return say('stalled', `${counted}, and yet nothing is certified${since}${explain(input, round)}`)
}

function explain({ core }: AgreementInput, round: Round): string {
  if (core.muted) return '; this node signs nothing until it is safe (SPEC 6.9)'
  const behind = round - core.finalRound
  const missing =
    core.missingAttestations + core.missingBlocks > 0
      ? `; ${core.missingAttestations} attestations and ${core.missingBlocks} blocks are being fetched`
      : ''
  return `: ${behind} rounds behind, in view ${core.view}${missing}`
}

function list(ids: readonly MonitorId[]): string {
  const shown = ids.slice(0, 8).join(', ')
  return ids.length > 8 ? `${shown} and ${ids.length - 8} more` : shown
}
