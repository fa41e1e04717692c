import {
  areEqual,
  compareBytes,
  type Digest,
  type EpochContext,
  type Evidence,
  getAttestationDigest,
  getProposalClaim,
  getProposalDigest,
  getSignedDigests,
  getStatusDigest,
  getVoteDigest,
  type MemberSignature,
  type SignedAttestation,
  type SignedProposal,
  type SignedStatus,
  type SignedVote,
  type Verify,
  type ViewCertificate,
} from '@watchfire/attestation'

/** Signs as a member: for real, or cheaply, as the name of the signer and of what is signed. */
export type Sign = (context: EpochContext, member: number, digest: Digest) => Uint8Array

/** A signature that costs nothing: the signer's key and what it signed. It can be made for any member. */
export const signCheaply: Sign = (context, member, digest) => {
  const signature = new Uint8Array(64)
  signature.set(context.committee.members[member]?.publicKey ?? new Uint8Array(32))
  signature.set(digest, 32)
  return signature
}

export const verifyCheaply: Verify = (signature, message, publicKey) =>
  signature.length === 64 &&
  areEqual(signature.subarray(0, 32), publicKey) &&
  areEqual(signature.subarray(32), message)

// What was changed is signed anew, so that checks behind the signature are reached too.

export function resignAttestation(
  sign: Sign,
  context: EpochContext,
  { message }: SignedAttestation,
): SignedAttestation {
  const digest = getAttestationDigest(context.networkId, message)
  return { message, signature: sign(context, message.member, digest) }
}

export function resignProposal(
  sign: Sign,
  context: EpochContext,
  { message }: SignedProposal,
): SignedProposal {
  const claim = getProposalClaim(context.networkId, message)
  const digest = getProposalDigest(context.networkId, claim)
  return { message, signature: sign(context, message.member, digest) }
}

/** @returns the vote as it is where its kind is none that can be signed */
export function resignVote(sign: Sign, context: EpochContext, vote: SignedVote): SignedVote {
  const { message } = vote
  if (message.kind < 1 || message.kind > 3) return vote
  const digest = getVoteDigest(context.networkId, message)
  return { message, signature: sign(context, message.member, digest) }
}

export function resignStatus(
  sign: Sign,
  context: EpochContext,
  { message }: SignedStatus,
): SignedStatus {
  const digest = getStatusDigest(context.networkId, message)
  return { message, signature: sign(context, message.member, digest) }
}

export function resignViewCertificate(
  sign: Sign,
  context: EpochContext,
  certificate: ViewCertificate,
): ViewCertificate {
  const { epoch, view, kind, header } = certificate
  if (kind < 1 || kind > 3) return certificate
  const signatures = certificate.signatures.map(({ member }): MemberSignature => {
    const digest = getVoteDigest(context.networkId, { epoch, view, kind, member, header })
    return { member, signature: sign(context, member, digest) }
  })
  return { ...certificate, signatures }
}

/** @returns both halves signed and in order; evidence as it is where a half has a kind that none can sign */
export function resignEvidence(sign: Sign, context: EpochContext, evidence: Evidence): Evidence {
  const { selector, value } = evidence
  const halves = [value.first, value.second]
  if (halves.some(({ message }) => 'kind' in message && (message.kind < 1 || message.kind > 3)))
    return evidence
  const digests = getSignedDigests(context.networkId, evidence)
  const [a, b] = digests.map((digest, index) => {
    const message = halves[index]?.message
    return { message, signature: sign(context, message?.member ?? 0, digest) }
  })
  const isOrdered = compareBytes(...digests) < 0
  return {
    selector,
    value: isOrdered ? { first: a, second: b } : { first: b, second: a },
  } as Evidence
}
