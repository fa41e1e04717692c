import {
  getRoundAt,
  getRoundStartMs,
  limits,
  type SignedProposal,
  toHex,
  type UnixMs,
} from '@watchfire/attestation'
import { type BlockFaultCode, isOfEpoch } from './block-checks.ts'
import { addBlock, isWithinReach, PROPOSALS_BEHIND, storeBlock } from './blocks.ts'
import { canSign, castNotarize, castNullify, mayNullify } from './cast.ts'
import {
  type Core,
  type Draft,
  getHeader,
  getNotarized,
  getProposedDigest,
  getView,
  type HeldProposal,
  updateView,
} from './model.ts'
import { checkOwnMessage } from './mute.ts'
import { isReproposalDue } from './propose.ts'
import { getDeadlineMs, getGap } from './views.ts'

// SPEC 6.4: whether to vote notarize for the proposal of the current view.

/**
 * How far ahead proposals are held: a node that is a little behind votes for them as it comes to
 * their views. Each may be a megabyte, so further ones are left to repeats and fetching (SPEC 8.3).
 */
export const PROPOSALS_AHEAD = 16

/**
 * Times `roundsBehindMax` that a block may be behind the voter's clock; its leader keeps to one by its
 * own (SPEC 6.3). The rest is what their clocks may be apart: as much as attestations stand (SPEC 8.2).
 */
const VOTED_BEHIND = 2

/** Why a proposal gets no vote, now or ever. */
export type RefusalCode =
  | BlockFaultCode
  | 'parent-view-not-below'
  | 'wrong-parent'
  | 'reproposal-not-due'
  | 'too-far-above-final'
  | 'round-too-old'

type Judgement =
  | { readonly kind: 'vote' }
  /** Something is missing; `untilMs` where it is only time. */
  | { readonly kind: 'hold'; readonly untilMs?: UnixMs }
  /** `isShown`: the signed proposal itself shows the fault. Else the view is left to its timer. */
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly isShown: boolean }

const hold: Judgement = { kind: 'hold' }

function refuse(code: RefusalCode, isShown = true): Judgement {
  return { kind: 'refuse', code, isShown }
}

/** Keeps the first verified proposal of a view near the current one. */
export function onProposal(draft: Draft, signed: SignedProposal): void {
  const { epoch, view, member, parentView, block } = signed.message
  if (epoch !== draft.context.epoch || view <= draft.finalView) return
  if (view > draft.view + PROPOSALS_AHEAD || view < draft.view - PROPOSALS_BEHIND) return
  const digest = getProposedDigest(draft, signed)
  const hex = toHex(digest)
  if (member === draft.me) checkOwnMessage(draft, view, 'proposal', hex, signed)
  if (getView(draft, view).proposal !== undefined) return
  if (hex !== draft.final.hex && isWithinReach(draft, block)) addBlock(draft, block, digest)
  updateView(draft, view, { proposal: { member, parentView, hex } })
}

/** Votes for the proposal of the current view, keeps holding it, or refuses it. */
export function considerProposal(draft: Draft): void {
  const { proposal, refused, own } = getView(draft, draft.view)
  if (proposal === undefined || refused !== undefined || own.notarize !== undefined) return
  if (!canSign(draft, draft.view)) return
  const judgement = judgeProposal(draft, proposal)
  switch (judgement.kind) {
    case 'hold':
      return
    case 'refuse':
      updateView(draft, draft.view, { refused: judgement.code })
      if (judgement.isShown && mayNullify(draft)) castNullify(draft)
      return
    case 'vote':
      storeBlock(draft, proposal.hex)
      castNotarize(draft, proposal.hex)
  }
}

/** The checks of SPEC 6.4 from 3 on, by their numbers; 1 and 2 are behind whoever calls. */
function judgeProposal(core: Core, { parentView, hex }: HeldProposal): Judgement {
  const record = core.blocks.get(hex)
  if (record === undefined) return hold
  const { header } = record.block
  // 3
  if (!isOfEpoch(core.context, header)) return refuse('wrong-epoch')
  // 4
  if (parentView >= core.view) return refuse('parent-view-not-below')
  const notarized = getNotarized(core, parentView)
  if (notarized === undefined || getGap(core, parentView) !== undefined) return hold
  // 5
  const isReproposal = hex === notarized
  // How far finality is, its leader may see otherwise: no fault that the proposal itself shows.
  if (isReproposal && !isReproposalDue(core, header)) return refuse('reproposal-not-due', false)
  if (!isReproposal) {
    if (record.parentHex !== notarized) return refuse('wrong-parent')
    const ahead = judgeNew(core, header)
    if (ahead !== undefined) return ahead
  }
  // 6, 8 to 11
  if (record.outcome === undefined) return hold
  if (record.outcome.kind === 'faulty') return refuse(record.outcome.fault.code)
  return { kind: 'vote' }
}

/** What of 6 and 7 depends on finality and the clock. */
function judgeNew(
  core: Core,
  header: { readonly height: number; readonly round: number },
): Judgement | undefined {
  // 6, its last part. The rest is the block's own (`block-checks.ts`).
  if (header.height > core.final.header.height + limits.unfinalBlocksMax) {
    return refuse('too-far-above-final', false)
  }
  // 7
  const { parameters } = core.context
  const now = getRoundAt(parameters, core.nowMs)
  if (now === undefined || header.round > now) {
    return {
      kind: 'hold',
      untilMs: getRoundStartMs(parameters, header.round as typeof now & number),
    }
  }
  if (header.round < now - VOTED_BEHIND * parameters.roundsBehindMax)
    return refuse('round-too-old', false)
  return undefined
}

/** When a held proposal may pass by time alone. */
export function getHoldWakeMs(core: Core): UnixMs | undefined {
  const { proposal, refused, own } = getView(core, core.view)
  if (proposal === undefined || refused !== undefined || own.notarize !== undefined)
    return undefined
  if (!canSign(core, core.view) || getHeader(core, proposal.hex) === undefined) return undefined
  const judgement = judgeProposal(core, proposal)
  return judgement.kind === 'hold' ? judgement.untilMs : undefined
}

/** Votes nullify once the view's timer has fired (SPEC 6.5). */
export function onViewTimer(draft: Draft): void {
  if (mayNullify(draft) && draft.nowMs >= getDeadlineMs(draft)) castNullify(draft)
}
