import {
  areEqual,
  type EpochContext,
  getMemberIndex,
  type MemberIndex,
  type UnixMs,
  type View,
} from '@watchfire/attestation'
import type { CoreConfig } from './core.ts'
import { makeIntMap } from './int-map.ts'
import { invariant } from './invariant.ts'
import type { Draft } from './model.ts'
import { restoreSigned } from './restore.ts'
import { carryPatience } from './views.ts'

// SPEC 6.1: an epoch starts from its predecessor's final last block, and from nothing else.

/** This node's index in an epoch's committee, if it is a member there. */
export function getOwnIndex(
  { me }: Pick<CoreConfig, 'me'>,
  context: EpochContext,
): MemberIndex | undefined {
  if (me === undefined) return undefined
  if (typeof me === 'string') return getMemberIndex(context, me)
  return me < context.committee.members.length ? me : undefined
}

/** After the final last block: enters the next epoch, or waits where its context is not known. */
export function endEpoch(draft: Draft): void {
  const [next] = draft.final.header.next
  invariant(next !== undefined, 'only a last block ends its epoch')
  const context = draft.config.epochs[draft.final.header.epoch + 1]
  if (
    context === undefined ||
    !areEqual(context.committeeHash, next.committee) ||
    !areEqual(context.parametersHash, next.parameters)
  ) {
    draft.isEnded = true
    return
  }
  startEpoch(draft, context)
  draft.notarized = [{ view: 0 as View, hex: draft.final.hex }]
}

/** View 1 of an epoch; whatever belonged to the one before is over. */
export function startEpoch(draft: Draft, context: EpochContext): void {
  const { viewTimeoutMs } = context.parameters
  const { muteUntilView, view } = draft
  draft.context = context
  draft.me = getOwnIndex(draft.config, context)
  draft.view = 1 as View
  draft.enteredAtMs = draft.nowMs
  draft.patience = carryPatience(draft.patience, context)
  draft.entry = undefined
  draft.views = makeIntMap()
  draft.notarized = []
  draft.finalView = 0 as View
  draft.blocks = new Map()
  draft.finalizations = new Map()
  draft.pool = makeIntMap()
  draft.evidence = new Map()
  draft.fetches = new Map()
  draft.repeatIntervalMs = viewTimeoutMs
  draft.repeatAtMs = (draft.nowMs + viewTimeoutMs) as UnixMs
  draft.isEnded = false
  // Views of another epoch say nothing about what may have been signed in this one (SPEC 6.9).
  const wasMuted = muteUntilView === 'told' || (muteUntilView !== undefined && muteUntilView > view)
  draft.muteUntilView = wasMuted ? 'told' : undefined
  restoreSigned(draft)
}
