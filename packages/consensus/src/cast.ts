import {
  type Digest,
  fromHex,
  type Hex,
  type Proposal,
  type View,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import { invariant } from './invariant.ts'
import { type Core, type Draft, getView, updateView, type VoteName } from './model.ts'

// The only place from which anything is asked to be signed (SPEC 6.5): one proposal, one notarize,
// one nullify and one finalize a view, and never both of the last two.

/** Whether the node may sign anything for a view: it is a member, not halted, and safely past what it may have signed (SPEC 6.7 to 6.9). */
export function canSign(core: Core, view: View): boolean {
  const { me, halted, isEnded, muteUntilView } = core
  if (me === undefined || halted !== undefined || isEnded || muteUntilView === 'told') return false
  return muteUntilView === undefined || view >= muteUntilView
}

/** Whether nullify may be signed for the current view: not after finalize, and only once. */
export function mayNullify(core: Core): boolean {
  const { own } = getView(core, core.view)
  return canSign(core, core.view) && !own.nullify && own.finalize === undefined
}

export function castNotarize(draft: Draft, hex: Hex): void {
  const { own } = getView(draft, draft.view)
  invariant(own.notarize === undefined, 'one notarize a view')
  invariant(draft.blocks.get(hex)?.isStored === true, 'a block is durable before it is voted for')
  updateView(draft, draft.view, { own: { ...own, notarize: hex } })
  castVote(draft, draft.view, 'notarize', fromHex(hex) as Digest)
}

export function castNullify(draft: Draft): void {
  const { own } = getView(draft, draft.view)
  invariant(!own.nullify, 'one nullify a view')
  invariant(own.finalize === undefined, 'nullify never follows finalize')
  updateView(draft, draft.view, { own: { ...own, nullify: true } })
  castVote(draft, draft.view, 'nullify', new Uint8Array(32) as Digest)
}

export function castFinalize(draft: Draft, view: View, header: Digest, hex: Hex): void {
  const { own } = getView(draft, view)
  invariant(own.finalize === undefined, 'one finalize a view')
  invariant(!own.nullify, 'finalize never follows nullify')
  invariant(view <= draft.view, 'finalize is for no view above the current one')
  updateView(draft, view, { own: { ...own, finalize: hex } })
  castVote(draft, view, 'finalize', header)
}

export function castProposal(draft: Draft, proposal: Proposal, hex: Hex): void {
  const { own } = getView(draft, draft.view)
  invariant(own.proposal === undefined, 'one proposal a view')
  invariant(canSign(draft, draft.view), 'a node that must not sign proposes nothing')
  updateView(draft, draft.view, { own: { ...own, proposal: hex } })
  draft.effects.push({ kind: 'sign-proposal', proposal })
}

function castVote(draft: Draft, view: View, kind: VoteName, header: Digest): void {
  const { me } = draft
  invariant(me !== undefined && canSign(draft, view), 'a node that must not sign votes for nothing')
  const { epoch } = draft.context
  const vote: Vote = { epoch, view, kind: voteKinds[kind], member: me, header }
  draft.effects.push({ kind: 'sign-vote', vote })
}
