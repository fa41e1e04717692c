import {
  type Attestation,
  type Epoch,
  type EpochContext,
  type MemberIndex,
  type Proposal,
  type Round,
  type SignedAttestation,
  signedAttestationType,
  type SignedProposal,
  signedProposalType,
  type SignedStatus,
  signedStatusType,
  type Status,
  type View,
} from '@watchfire/attestation'
import {
  makeAttestation,
  makeProposal,
  makeStatus,
  makeVote,
  type Signed,
  signAttestation,
  signProposal,
  signStatus,
  signVote,
} from './sample-messages.ts'
import { hexOf, overwrite } from './vector-values.ts'

/** A message with a signature that is not its own, of which nothing is accepted. */
export interface ForgedMessage {
  readonly name: string
  readonly type: string
  readonly ssz: string
  readonly member: MemberIndex
  readonly signed: Signed<{ readonly signature: Uint8Array }>
}

/**
 * Attestations, proposals and statuses whose signature is another's, one for each thing that their
 * digest binds (SPEC 2.2).
 *
 * @param other a network with the same keys
 */
export function listForgedMessages(context: EpochContext, other: EpochContext): ForgedMessage[] {
  const abroad = { ...context, networkId: other.networkId }
  return [
    ...listAttestations(context, abroad),
    ...listProposals(context, abroad),
    ...listStatuses(context, abroad),
  ]
}

function listAttestations(context: EpochContext, abroad: EpochContext): ForgedMessage[] {
  const message = makeAttestation(context)
  const good = signAttestation(context, message)
  const of = (changes: Partial<Attestation>, by = context) =>
    signAttestation(by, { ...message, ...changes }).message.signature
  return makeForgeries(context, 'attestation', good, {
    'of another round': of({ round: (message.round + 1) as Round }),
    'of another epoch': of({ epoch: 1 as Epoch }),
    'of another shard': of({ shard: 1 }),
    'of another member': of({ member: 3 as MemberIndex }),
    'of other observations': of({ observations: message.observations.slice(1) }),
    'of another network': of({}, abroad),
  }).map(({ name, signed }) => ({
    name,
    type: 'SignedAttestation',
    ssz: hexOf(signedAttestationType, signed.message),
    member: message.member,
    signed,
  }))
}

function listProposals(context: EpochContext, abroad: EpochContext): ForgedMessage[] {
  const message = makeProposal(context)
  const good = signProposal(context, message)
  const of = (changes: Partial<Proposal>, by = context) =>
    signProposal(by, { ...message, ...changes }).message.signature
  const { block } = message
  const round = (block.header.round + 1) as Round
  return makeForgeries(context, 'proposal', good, {
    'of another view': of({ view: 14 as View }),
    'of another parent view': of({ parentView: 8 as View }),
    'of another epoch': of({ epoch: 1 as Epoch }),
    'of another member': of({ member: 3 as MemberIndex }),
    'of another header': of({ block: { ...block, header: { ...block.header, round } } }),
    'of another network': of({}, abroad),
  }).map(({ name, signed }) => ({
    name,
    type: 'SignedProposal',
    ssz: hexOf(signedProposalType, signed.message),
    member: message.member,
    signed,
  }))
}

function listStatuses(context: EpochContext, abroad: EpochContext): ForgedMessage[] {
  const message = makeStatus(context)
  const good = signStatus(context, message)
  const of = (changes: Partial<Status>, by = context) =>
    signStatus(by, { ...message, ...changes }).message.signature
  return makeForgeries(context, 'status', good, {
    'of another time': of({ timeMs: message.timeMs + 1 }),
    'of another epoch': of({ epoch: 1 as Epoch }),
    'of another member': of({ member: 2 as MemberIndex }),
    'of another network': of({}, abroad),
  }).map(({ name, signed }) => ({
    name,
    type: 'SignedStatus',
    ssz: hexOf(signedStatusType, signed.message),
    member: message.member,
    signed,
  }))
}

type SignedMessage = SignedAttestation | SignedProposal | SignedStatus

function makeForgeries<T extends SignedMessage>(
  context: EpochContext,
  what: string,
  good: Signed<T>,
  signatures: Readonly<Record<string, Uint8Array>>,
): { name: string; signed: Signed<T> }[] {
  const { member } = good.message.message
  const own = good.message.signature
  const all = {
    ...signatures,
    'of a vote': signVote(context, makeVote(context, { member })).message.signature,
    'with one bit flipped': overwrite(own, 40, Uint8Array.of((own[40] ?? 0) ^ 1)),
  }
  return Object.entries(all).map(([of, signature]) => ({
    name: `a${what === 'attestation' ? 'n' : ''} ${what} with the signature ${of}`,
    signed: { ...good, message: { ...good.message, signature } },
  }))
}
