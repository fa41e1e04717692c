import type { UnixMs, View } from '@watchfire/attestation'
import type { Draft } from './model.ts'

/**
 * Gossip loses messages: while a view lasts, what was signed for it and the one before is sent again,
 * with the certificate that let the node in, less and less often (SPEC 6.5).
 */
export function repeatIfDue(draft: Draft): void {
  if (draft.me === undefined || draft.nowMs < draft.repeatAtMs) return
  repeatViews(draft, Math.max(1, draft.view - 1) as View)
  const { viewTimeoutMsMax } = draft.context.parameters
  draft.repeatIntervalMs = Math.min(draft.repeatIntervalMs * 2, viewTimeoutMsMax)
  draft.repeatAtMs = (draft.nowMs + draft.repeatIntervalMs) as UnixMs
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
