import {
  type Hex,
  type MemberIndex,
  type MemberSignature,
  type SignedVote,
  toHex,
} from '@watchfire/attestation'
import { checkOwnMessage } from './mute.ts'
import { type Core, type Draft, getView, type Tally, updateView } from './model.ts'
import { getVoteName, recordCertificate } from './views.ts'

/** Votes further ahead are dropped: they bound what a future that may never come can take up (SPEC 8.3). */
export const VIEWS_AHEAD = 1000

/**
 * Counts a verified vote, the first of its member, view and kind; with a quorum for one header it
 * makes the certificate (SPEC 6.6).
 */
export function onVote(draft: Draft, signed: SignedVote): void {
  const { epoch, view, kind, member, header } = signed.message
  const name = getVoteName(kind)
  const isMember = member < draft.context.committee.members.length
  if (name === undefined || !isMember || epoch !== draft.context.epoch) return
  if (view <= draft.finalView || view > draft.view + VIEWS_AHEAD) return
  const hex = toHex(header)
  if (member === draft.me) checkOwnMessage(draft, view, name, hex, signed)
  const record = getView(draft, view)
  const tally = record.tallies[name] ?? makeTally(draft)
  if (record.certificates[name] !== undefined || tally[member] !== undefined) return
  const counted = tally.with(member, { hex, signature: signed.signature })
  updateView(draft, view, { tallies: { ...record.tallies, [name]: counted } })
  const signatures = getSignatures(counted, hex)
  if (weigh(draft, signatures) < draft.context.quorum) return
  recordCertificate(draft, { epoch, view, kind, header, signatures })
}

function makeTally({ context: { committee } }: Core): Tally {
  return committee.members.map(() => undefined)
}

/** Of the members that voted for a header, ascending. */
function getSignatures(tally: Tally, hex: Hex): MemberSignature[] {
  const signatures: MemberSignature[] = []
  for (let index = 0; index < tally.length; index++) {
    const vote = tally[index]
    if (vote?.hex !== hex) continue
    signatures.push({ member: index as MemberIndex, signature: vote.signature })
  }
  return signatures
}

function weigh({ context }: Core, signatures: readonly MemberSignature[]): number {
  let weight = 0
  for (const { member } of signatures) weight += context.committee.members[member]?.weight ?? 0
  return weight
}

/** Members that were heard in the current view, ascending: what a waiting node shows. */
export function getHeard(core: Core): readonly MemberIndex[] {
  const tallies = Object.values(getView(core, core.view).tallies)
  return core.context.committee.members.flatMap((_, index) =>
    tallies.some((tally) => tally?.[index] !== undefined) ? [index as MemberIndex] : [],
  )
}
