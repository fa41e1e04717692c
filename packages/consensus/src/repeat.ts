import type { UnixMs, View } from '@watchfire/attestation'
import { type Draft, getTip } from './model.ts'
import { GAP_VIEWS_MAX, getGap } from './views.ts'

/**
 * Gossip loses messages: while a view lasts, what was signed for it and the one before is sent again,
 * with the certificate that let the node in, less and less often (SPEC 6.5).
 */
export function repeatIfDue(draft: Draft): void {
  if (draft.me === undefined || draft.nowMs < draft.repeatAtMs) return
  repeatViews(draft, getFirstRepeated(draft))
  const { viewTimeoutMsMax } = draft.context.parameters
  draft.repeatIntervalMs = Math.min(draft.repeatIntervalMs * 2, viewTimeoutMsMax)
  draft.repeatAtMs = (draft.nowMs + draft.repeatIntervalMs) as UnixMs
}

/**
 * The preceding view, or an earlier one where certificates of views in between are missing: should a
 * power failure have taken them from everybody, only the votes in the logs can bring them back.
 */
function getFirstRepeated(draft: Draft): View {
  const preceding = Math.max(1, draft.view - 1)
  const gap = getGap(draft, getTip(draft).view)
  if (gap === undefined) return preceding as View
  return Math.max(gap.first, draft.view - GAP_VIEWS_MAX, 1) as View
}

/** Sends again what was signed from a view on. */
export function repeatViews(draft: Draft, fromView: View): void {
  draft.effects.push({
    kind: 'repeat',
    epoch: draft.context.epoch,
    fromView,
    toView: draft.view,
    certificate: draft.entry,
  })
}
