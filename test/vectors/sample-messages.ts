import {
  type Attestation,
  attestationClaimType,
  type Body,
  type Digest,
  type EpochContext,
  encode,
  type Evidence,
  fromText,
  getAttestationClaim,
  getAttestationDigest,
  getBodyHash,
  getProposalClaim,
  getProposalDigest,
  getStatusDigest,
  getVoteDigest,
  type Height,
  type MemberIndex,
  type Proposal,
  proposalClaimType,
  type Round,
  type SignedAttestation,
  type SignedAttestationClaim,
  type SignedProposal,
  type SignedProposalClaim,
  type SignedStatus,
  type SignedVote,
  type Status,
  sha256,
  signDigest,
  type TargetIndex,
  toBits,
  toHex,
  type View,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import { makeHeader } from '../../packages/attestation/test/support/certificate-fixture.ts'
import { getSecret } from '../../packages/attestation/test/support/network-fixture.ts'
import { makeFullState } from './state-vectors.ts'
import { ZERO_HASH } from './vector-values.ts'

/** What is signed by whom: what every message on the wire comes down to. */
export interface Signed<T> {
  readonly message: T
  readonly digest: Digest
  /** Canonical bytes of the claim, where one stands for the message. */
  readonly claim?: Uint8Array
}

export const PLACE = { epoch: 0, view: 12 as View, member: 2 as MemberIndex } as const

export function makeAttestation(context: EpochContext): Attestation {
  return {
    epoch: context.epoch,
    round: 1_000_050 as Round,
    shard: 0,
    member: 2 as MemberIndex,
    observations: [
      {
        target: 0 as TargetIndex,
        status: 1,
        code: 0,
        referenceKind: 1,
        reference: 21_000_000,
        signals: [
          { index: 0, value: toBits(1234n) },
          { index: 1, value: toBits(-1n) },
        ],
        identities: [{ index: 0, value: new Uint8Array(32).fill(0x5a) }],
      },
      {
        target: 1 as TargetIndex,
        status: 2,
        code: 2,
        referenceKind: 0,
        reference: 0,
        signals: [],
        identities: [],
      },
    ],
  }
}

export function signAttestation(
  context: EpochContext,
  message: Attestation,
): Signed<SignedAttestation> {
  const digest = getAttestationDigest(context.networkId, message)
  const signature = signDigest(digest, getSecret(context, message.member))
  const claim = encode(attestationClaimType, getAttestationClaim(message))
  return { message: { message, signature }, digest, claim }
}

export function makeProposal(context: EpochContext): Proposal {
  const state = makeFullState(context)
  const body: Body = {
    attestations: [0, 2, 3].map((member) => ({
      shard: 0,
      member: member as MemberIndex,
      digest: sha256(fromText(`attestation of member ${member}`)) as Digest,
    })),
    evidence: [makeVoteEvidence(context)],
  }
  const header = { ...makeHeader(context, state), body: getBodyHash(body) }
  return {
    epoch: context.epoch,
    view: 10 as View,
    member: 2 as MemberIndex,
    parentView: 9 as View,
    block: { header, body },
  }
}

export function signProposal(context: EpochContext, message: Proposal): Signed<SignedProposal> {
  const claim = getProposalClaim(context.networkId, message)
  const digest = getProposalDigest(context.networkId, claim)
  const signature = signDigest(digest, getSecret(context, message.member))
  return { message: { message, signature }, digest, claim: encode(proposalClaimType, claim) }
}

export function makeVote(context: EpochContext, changes: Partial<Vote> = {}): Vote {
  return {
    epoch: context.epoch,
    view: 12 as View,
    kind: voteKinds.notarize,
    member: 2 as MemberIndex,
    header: sha256(fromText('a header')) as Digest,
    ...changes,
  }
}

export function signVote(context: EpochContext, message: Vote): Signed<SignedVote> {
  const digest = getVoteDigest(context.networkId, message)
  const signature = signDigest(digest, getSecret(context, message.member))
  return { message: { message, signature }, digest }
}

export function makeStatus(context: EpochContext): Status {
  return {
    epoch: context.epoch,
    member: 3 as MemberIndex,
    timeMs: 1_763_683_300_000,
    bootMs: 1_763_683_100_000,
    clockOffsetMs: toBits(-12n),
    height: 41 as Height,
    round: 1_000_050 as Round,
    view: 12 as View,
    version: fromText('0.1.0'),
    features: [fromText('lag-by-group')],
  }
}

export function signStatus(
  context: EpochContext,
  message: Status = makeStatus(context),
): Signed<SignedStatus> {
  const digest = getStatusDigest(context.networkId, message)
  const signature = signDigest(digest, getSecret(context, message.member))
  return { message: { message, signature }, digest }
}

/** A pair with the lesser digest first, as SPEC 8.4 wants it. */
export function order<T>(a: Signed<T>, b: Signed<T>): [first: T, second: T] {
  return toHex(a.digest) < toHex(b.digest) ? [a.message, b.message] : [b.message, a.message]
}

/** Two attestations of one member; `changes` are what sets the second apart beside its observations. */
export function makeAttestationEvidence(
  context: EpochContext,
  changes: Partial<Attestation> = {},
): Evidence {
  const one = makeAttestation(context)
  const other = { ...one, observations: one.observations.slice(1), ...changes }
  const [first, second] = order(toClaim(context, one), toClaim(context, other))
  return { selector: 0, value: { first, second } }
}

function toClaim(context: EpochContext, attestation: Attestation): Signed<SignedAttestationClaim> {
  const { message, digest } = signAttestation(context, attestation)
  return {
    message: { message: getAttestationClaim(attestation), signature: message.signature },
    digest,
  }
}

export function makeProposalEvidence(context: EpochContext): Evidence {
  const one = makeProposal(context)
  const [first, second] = order(
    toProposalClaim(context, one),
    toProposalClaim(context, { ...one, parentView: 8 as View }),
  )
  return { selector: 1, value: { first, second } }
}

function toProposalClaim(context: EpochContext, proposal: Proposal): Signed<SignedProposalClaim> {
  const { message, digest } = signProposal(context, proposal)
  const claim = getProposalClaim(context.networkId, proposal)
  return { message: { message: claim, signature: message.signature }, digest }
}

/** Finalize and nullify in one view. */
export function makeVoteEvidence(context: EpochContext): Evidence {
  const finalize = signVote(
    context,
    makeVote(context, { kind: voteKinds.finalize, member: 1 as MemberIndex }),
  )
  const nullify = signVote(
    context,
    makeVote(context, { kind: voteKinds.nullify, header: ZERO_HASH, member: 1 as MemberIndex }),
  )
  const [first, second] = order(finalize, nullify)
  return { selector: 2, value: { first, second } }
}
