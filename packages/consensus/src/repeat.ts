import type { UnixMs, View, ViewCertificate } from '@watchfire/attestation'
import { type Draft, getTip, getView } from './model.ts'
import { GAP_VIEWS_MAX, getGap } from './views.ts'

/**
 * Gossip loses messages: while a view lasts, what was signed for it is sent again, less and less often,
 * with what brings others into it: a finalization of the view before, or else what was signed for that
 * one and the certificate that let the node in (SPEC 6.5).
 */
export function repeatIfDue(draft: Draft): void {
  if (draft.me === undefined || draft.nowMs < draft.repeatAtMs) return
  const finalization = getPrecedingFinalization(draft)
  if (finalization === undefined) repeatViews(draft, getFirstRepeated(draft), draft.entry)
  else repeatViews(draft, draft.view, finalization)
  const { viewTimeoutMsMax } = draft.context.parameters
  draft.repeatIntervalMs = Math.min(draft.repeatIntervalMs * 2, viewTimeoutMsMax)
  draft.repeatAtMs = (draft.nowMs + draft.repeatIntervalMs) as UnixMs
}

/** It says all that votes of its view could, and lets in whoever holds it: nothing else of that view is needed. */
function getPrecedingFinalization(draft: Draft): ViewCertificate | undefined {
  return getView(draft, (draft.view - 1) as View).certificates.finalize
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

/** Sends again what was signed from a view on, and a certificate that lets into the current one. */
export function repeatViews(
  draft: Draft,
  fromView: View,
  certificate: ViewCertificate | undefined,
): void {
  draft.effects.push({
    kind: 'repeat',
    epoch: draft.context.epoch,
    fromView,
    toView: draft.view,
    certificate,
  })
}
