import { type Evidence, type Verified, getOffender } from '@watchfire/attestation'
import type { Draft } from './model.ts'

/** Keeps evidence until a final block holds it, one piece a member, and passes it on (SPEC 8.4). */
export function onEvidence(draft: Draft, evidence: Verified<Evidence>): void {
  const { context, final } = draft
  if (evidence.value.first.message.epoch !== context.epoch) return
  const member = getOffender(evidence)
  if (draft.evidence.has(member)) return
  const isExcluded =
    final.header.epoch === context.epoch &&
    final.state.meta.excluded.some((exclusion) => exclusion.member === member)
  if (isExcluded) return
  draft.evidence = new Map(draft.evidence).set(member, evidence)
  draft.effects.push({ kind: 'accuse', evidence })
}
