import {
  type Hex,
  type SignedProposal,
  type SignedVote,
  toHex,
  type View,
  type ViewCertificate,
} from '@watchfire/attestation'
import type { AlarmInputs } from './core.ts'
import { type Draft, getView, updateView, type VoteName } from './model.ts'
import { finalizeAllNotarized, getVoteName } from './views.ts'

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
  checkOwn(draft, view, name, hex, { message })
}

/** As {@link checkOwnMessage}, for this node's signature in a certificate of a view. */
export function checkOwnSignature(draft: Draft, certificate: ViewCertificate): void {
  const { epoch, view, kind, header, signatures } = certificate
  const name = getVoteName(kind)
  // What is settled is not remembered any more (SPEC 6.2).
  if (name === undefined || epoch !== draft.context.epoch || view <= draft.finalView) return
  if (!signatures.some(({ member }) => member === draft.me)) return
  checkOwn(draft, view, name, toHex(header), { certificates: [certificate] })
}

function checkOwn(
  draft: Draft,
  view: View,
  name: VoteName | 'proposal',
  hex: Hex,
  inputs: AlarmInputs,
): void {
  const { own } = getView(draft, view)
  const isKnown = name === 'nullify' ? own.nullify : own[name] === hex
  if (isKnown) return
  const signed = name === 'nullify' ? { nullify: true } : { [name]: own[name] ?? hex }
  updateView(draft, view, { own: { ...own, ...signed } })
  const { muteUntilView } = draft
  if (muteUntilView !== undefined && muteUntilView !== 'told' && view < muteUntilView) return
  const detail = `a ${name} for view ${view} is signed with this node's key and not in its log`
  mute(draft, detail, inputs)
}

/** Signs nothing from here on, and says why, once (SPEC 6.9). */
export function mute(draft: Draft, detail: string, inputs: AlarmInputs): void {
  if (draft.me === undefined || draft.muteUntilView === 'told') return
  draft.muteUntilView = 'told'
  draft.effects.push({ kind: 'alarm', code: 'unknown-own-signature', detail, inputs })
}

/** The node may sign from a view on; never earlier than it was told before. */
export function onUnmute(draft: Draft, fromView: View): void {
  const { muteUntilView } = draft
  if (muteUntilView === undefined) return
  if (muteUntilView !== 'told' && muteUntilView >= fromView) return
  draft.muteUntilView = fromView
  finalizeAllNotarized(draft)
}
