import {
  type Hex,
  type MemberIndex,
  type SignedVote,
  toHex,
  type ViewCertificate,
  type Vote,
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
  const weight = draft.context.committee.members[member]?.weight
  if (name === undefined || weight === undefined || epoch !== draft.context.epoch) return
  if (view <= draft.finalView || view > draft.view + VIEWS_AHEAD) return
  const hex = toHex(header)
  if (member === draft.me) checkOwnMessage(draft, view, name, hex, signed)
  const record = getView(draft, view)
  const tally = record.tallies[name] ?? makeTally(draft)
  if (record.certificates[name] !== undefined || tally.votes[member] !== undefined) return
  const counted: Tally = {
    votes: tally.votes.with(member, { hex, signature: signed.signature }),
    weights: new Map(tally.weights).set(hex, (tally.weights.get(hex) ?? 0) + weight),
  }
  updateView(draft, view, { tallies: { ...record.tallies, [name]: counted } })
  if ((counted.weights.get(hex) ?? 0) < draft.context.quorum) return
  recordCertificate(draft, makeCertificate(signed.message, hex, counted))
}

function makeTally({ context: { committee } }: Core): Tally {
  return { votes: committee.members.map(() => undefined), weights: new Map() }
}

/** @param hex the header of `vote`, which those that count are for too */
function makeCertificate(
  { epoch, view, kind, header }: Vote,
  hex: Hex,
  { votes }: Tally,
): ViewCertificate {
  const signatures = votes.flatMap((vote, index) =>
    vote?.hex === hex ? [{ member: index as MemberIndex, signature: vote.signature }] : [],
  )
  return { epoch, view, kind, header, signatures }
}

/** Members that were heard in the current view, ascending: what a waiting node shows. */
export function getHeard(core: Core): readonly MemberIndex[] {
  const tallies = Object.values(getView(core, core.view).tallies)
  return core.context.committee.members.flatMap((_, index) =>
    tallies.some((tally) => tally?.votes[index] !== undefined) ? [index as MemberIndex] : [],
  )
}
