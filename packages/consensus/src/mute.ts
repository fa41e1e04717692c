import type { Hex, SignedProposal, SignedVote, View } from '@watchfire/attestation'
import { type Draft, getView, updateView, type VoteName } from './model.ts'
import { finalizeAllNotarized } from './views.ts'

// SPEC 6.9: a node that cannot know what it signed signs nothing until that cannot matter.

/**
 * A message under this node's own key. What its log does not hold was signed by somebody or in a
 * life it does not remember: it falls silent until told from which view on it may sign. Either way
 * what was signed counts as signed.
 */
export function checkOwnMessage(
  draft: Draft,
  view: View,
  name: VoteName | 'proposal',
  hex: Hex,
  message: SignedVote | SignedProposal,
): void {
  const { own } = getView(draft, view)
  const isKnown = name === 'nullify' ? own.nullify : own[name] === hex
  if (isKnown) return
  const signed = name === 'nullify' ? { nullify: true } : { [name]: own[name] ?? hex }
  updateView(draft, view, { own: { ...own, ...signed } })
  const { muteUntilView } = draft
  if (muteUntilView === 'told') return
  if (muteUntilView !== undefined && view < muteUntilView) return
  draft.muteUntilView = 'told'
  draft.effects.push({
    kind: 'alarm',
    code: 'unknown-own-signature',
    detail: `a ${name} for view ${view} is signed with this node's key and not in its log`,
    inputs: { message },
  })
}

/** The node may sign from a view on; never earlier than it was told before. */
export function onUnmute(draft: Draft, fromView: View): void {
  const { muteUntilView } = draft
  if (muteUntilView === undefined) return
  if (muteUntilView !== 'told' && muteUntilView >= fromView) return
  draft.muteUntilView = fromView
  finalizeAllNotarized(draft)
}
