import type { Digest, MemberIndex, Verified } from './brands.ts'
import { areEqual, compareBytes } from './bytes.ts'
import { voteKinds } from './codes.ts'
import { encode } from './decode.ts'
import { getAttestationDigest, getProposalDigest, getVoteDigest } from './domains.ts'
import { sha256 } from './hashing.ts'
import type { EpochContext } from './epoch-context.ts'
import { fail, type Result, succeed } from './result.ts'
import {
  type Evidence,
  evidenceType,
  type SignedAttestationClaim,
  type SignedProposalClaim,
  type SignedVote,
} from './schema.ts'
import type { Verify } from './signatures.ts'

// SPEC 8.4: two messages of one key for one place.

/** Why evidence proves nothing, in the order of the checks (SPEC 9.6). */
export type EvidenceCode =
  | 'wrong-epoch'
  | 'unknown-member'
  | 'different-places'
  | 'bad-vote'
  | 'no-conflict'
  | 'unordered-pair'
  | 'bad-signature'

/** The member that signed both. Only meaningful once {@link checkEvidence} passed. */
export function getOffender(evidence: Evidence): MemberIndex {
  return evidence.value.first.message.member
}

/** What a signature check may say: `deferred` when the time for slow checks is used up. */
export type SignatureCheck = (
  signature: Uint8Array,
  digest: Digest,
  publicKey: Uint8Array,
) => 'valid' | 'invalid' | 'deferred'

/** A {@link SignatureCheck} that always decides. */
export type DecidedCheck = (
  ...args: Parameters<SignatureCheck>
) => Exclude<ReturnType<SignatureCheck>, 'deferred'>

/** A check that has all the time it needs. */
export function toSignatureCheck(verify: Verify): DecidedCheck {
  return (signature, digest, publicKey) =>
    verify(signature, digest, publicKey) ? 'valid' : 'invalid'
}

/** Everything about evidence but its signatures (SPEC 8.4). @returns undefined where it is in order */
export function checkEvidenceShape(
  context: EpochContext,
  evidence: Evidence,
): Result<never, EvidenceCode> | undefined {
  const { first, second } = evidence.value
  const [a, b] = [first.message, second.message]
  if (a.epoch !== context.epoch || b.epoch !== context.epoch) {
    return fail('wrong-epoch', `of epoch ${a.epoch} and ${b.epoch}, not ${context.epoch}`)
  }
  if (a.member >= context.committee.members.length) {
    return fail('unknown-member', `no member has index ${a.member}`)
  }
  if (a.member !== b.member) return fail('different-places', 'signed by two members')
  const problem = checkPlaces(evidence)
  if (problem !== undefined) return problem
  const [left, right] = getSignedDigests(context.networkId, evidence)
  if (compareBytes(left, right) >= 0) {
    return fail('unordered-pair', 'the message with the lesser digest comes first')
  }
  return undefined
}

function checkPlaces(
  evidence: Evidence,
): Result<never, 'different-places' | 'no-conflict' | 'bad-vote'> | undefined {
  switch (evidence.selector) {
    case 0: {
      const [a, b] = [evidence.value.first.message, evidence.value.second.message]
      if (a.round !== b.round || a.shard !== b.shard) {
        return fail('different-places', 'of two rounds or shards')
      }
      return areEqual(a.observations, b.observations)
        ? fail('no-conflict', 'the observations are the same')
        : undefined
    }
    case 1: {
      const [a, b] = [evidence.value.first.message, evidence.value.second.message]
      if (a.view !== b.view) return fail('different-places', 'of two views')
      return areEqual(a.header, b.header) && a.parentView === b.parentView
        ? fail('no-conflict', 'the proposals are the same')
        : undefined
    }
    case 2: {
      const [a, b] = [evidence.value.first.message, evidence.value.second.message]
      if (a.view !== b.view) return fail('different-places', 'of two views')
      if (!isVoteWellFormed(a) || !isVoteWellFormed(b)) return fail('bad-vote', 'not a vote')
      return areVotesInConflict(a, b)
        ? undefined
        : fail('no-conflict', 'an honest member may sign both')
    }
    default:
      return assertNever(evidence)
  }
}

type VoteLike = Pick<SignedVote['message'], 'kind' | 'header'>

/** Whether no honest member signs both in one view: two headers of one kind, or finalize with nullify (SPEC 6.5). */
export function areVotesInConflict(a: VoteLike, b: VoteLike): boolean {
  if (a.kind === b.kind) return !areEqual(a.header, b.header)
  const { finalize, nullify } = voteKinds
  return (a.kind === finalize && b.kind === nullify) || (a.kind === nullify && b.kind === finalize)
}

/** Whether kind and header are of the closed set of SPEC 3: a nullify names no header. */
export function isVoteWellFormed({ kind, header }: VoteLike): boolean {
  if (kind === voteKinds.nullify) return header.every((byte) => byte === 0)
  return kind === voteKinds.notarize || kind === voteKinds.finalize
}

/**
 * Whether evidence proves that a member signed two things for one place (SPEC 8.4).
 *
 * @param context that of the epoch the evidence must be of
 * @param check verifies both signatures; where it defers, so does this
 */
export function checkEvidence<Verdict extends ReturnType<SignatureCheck>>(
  context: EpochContext,
  evidence: Evidence,
  check: (...signed: Parameters<SignatureCheck>) => Verdict,
): Result<Verified<Evidence>, EvidenceCode> | Extract<Verdict, 'deferred'> {
  const problem = checkEvidenceShape(context, evidence)
  if (problem !== undefined) return problem
  const publicKey = context.committee.members[getOffender(evidence)]?.publicKey
  if (publicKey === undefined) return fail('unknown-member', 'it has no key')
  const digests = getSignedDigests(context.networkId, evidence)
  const signatures = [evidence.value.first.signature, evidence.value.second.signature] as const
  for (const index of [0, 1] as const) {
    const verdict = check(signatures[index], digests[index], publicKey)
    if (verdict === 'deferred') return verdict as Extract<Verdict, 'deferred'>
    if (verdict === 'invalid') return fail('bad-signature', 'a signature does not verify')
  }
  return succeed(evidence as Verified<Evidence>)
}

/** What names a piece of evidence where it is asked for: `sha256(ssz(Evidence))` (SPEC 9.6). Nobody signs it. */
export function getEvidenceDigest(evidence: Evidence): Digest {
  return sha256(encode(evidenceType, evidence)) as Digest
}

/** The digests of the two messages that were signed, in the order of the pair. */
export function getSignedDigests(
  networkId: Digest,
  evidence: Evidence,
): readonly [first: Digest, second: Digest] {
  switch (evidence.selector) {
    case 0: {
      const { first, second } = evidence.value
      return [
        getAttestationDigest(networkId, first.message),
        getAttestationDigest(networkId, second.message),
      ]
    }
    case 1: {
      const { first, second } = evidence.value
      return [
        getProposalDigest(networkId, first.message),
        getProposalDigest(networkId, second.message),
      ]
    }
    case 2: {
      const { first, second } = evidence.value
      return [getVoteDigest(networkId, first.message), getVoteDigest(networkId, second.message)]
    }
    default:
      return assertNever(evidence)
  }
}

/** Evidence from two verified attestation claims, the lesser digest first (SPEC 8.4). */
export function makeAttestationEvidence(
  networkId: Digest,
  a: SignedAttestationClaim,
  b: SignedAttestationClaim,
): Verified<Evidence> {
  const isOrdered =
    compareBytes(
      getAttestationDigest(networkId, a.message),
      getAttestationDigest(networkId, b.message),
    ) < 0
  const value = isOrdered ? { first: a, second: b } : { first: b, second: a }
  return { selector: 0, value } as Evidence as Verified<Evidence>
}

/** Evidence from two verified proposal claims, the lesser digest first (SPEC 8.4). */
export function makeProposalEvidence(
  networkId: Digest,
  a: SignedProposalClaim,
  b: SignedProposalClaim,
): Verified<Evidence> {
  const isOrdered =
    compareBytes(getProposalDigest(networkId, a.message), getProposalDigest(networkId, b.message)) <
    0
  const value = isOrdered ? { first: a, second: b } : { first: b, second: a }
  return { selector: 1, value } as Evidence as Verified<Evidence>
}

/** Evidence from two verified votes, the lesser digest first (SPEC 8.4). */
export function makeVoteEvidence(
  networkId: Digest,
  a: SignedVote,
  b: SignedVote,
): Verified<Evidence> {
  const isOrdered =
    compareBytes(getVoteDigest(networkId, a.message), getVoteDigest(networkId, b.message)) < 0
  const value = isOrdered ? { first: a, second: b } : { first: b, second: a }
  return { selector: 2, value } as Evidence as Verified<Evidence>
}

function assertNever(value: never): never {
  throw new Error(`unhandled evidence ${String(value)}`)
}
