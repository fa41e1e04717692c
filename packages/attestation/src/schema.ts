import {
  ByteListType,
  type CompositeType,
  ContainerType,
  ListCompositeType,
  UnionType,
  type ValueOf,
} from '@chainsafe/ssz'
import {
  bytes32,
  bytes64,
  digest,
  epoch,
  height,
  id,
  int64Bits,
  memberIndex,
  name,
  round,
  targetIndex,
  uint16,
  uint32,
  uint64,
  uint8,
  view,
} from './basic-types.ts'
import { limits } from './limits.ts'

// SPEC chapter 3, in its order. A schema and its TypeScript type are one definition.

// --- Network manifest (SPEC 4)

export const memberType = new ContainerType({
  id,
  publicKey: bytes32,
  weight: uint64,
  region: id,
  network: id,
  operator: id,
})
export const committeeType = new ContainerType({
  members: new ListCompositeType(memberType, limits.membersMax),
})
export const handoverType = new ContainerType({
  lastHeight: height,
  committee: digest,
  parameters: digest,
})
export const thresholdType = new ContainerType({
  signal: uint8,
  op: uint8,
  value: int64Bits,
  clear: int64Bits,
  severity: uint8,
})
export const policyType = new ContainerType({
  reachedMin: uint16,
  failedMin: uint16,
  fallRounds: uint16,
  riseRounds: uint16,
  regionsMin: uint8,
  networksMin: uint8,
  operatorsMin: uint8,
  astray: uint8,
  thresholds: new ListCompositeType(thresholdType, limits.thresholdsMax),
})
export const signalDefType = new ContainerType({
  name,
  unit: new ByteListType(limits.unitBytesMax),
  scale: uint8,
  aggregate: uint8,
})
export const identityDefType = new ContainerType({ name })
export const targetType = new ContainerType({
  id,
  kind: name,
  group: id,
  provider: id,
  shard: uint16,
  timeoutMs: uint32,
  params: new ByteListType(limits.paramsBytesMax),
  signals: new ListCompositeType(signalDefType, limits.signalsMax),
  identities: new ListCompositeType(identityDefType, limits.identitiesMax),
  policy: policyType,
})
export const parametersType = new ContainerType({
  originRound: round,
  originMs: uint64,
  roundMs: uint32,
  attestByMs: uint32,
  proposeAtMs: uint32,
  viewTimeoutMs: uint32,
  viewTimeoutMsMax: uint32,
  roundsBehindMax: uint16,
  gapMax: uint16,
  shards: uint16,
  targets: new ListCompositeType(targetType, limits.targetsMax),
  handover: new ListCompositeType(handoverType, 1),
})
export const manifestType = new ContainerType({
  format: uint16,
  protocol: uint32,
  name: id,
  features: new ListCompositeType(name, limits.featuresMax),
  committee: committeeType,
  parameters: parametersType,
})

// --- Observations and attestations

export const signalValueType = new ContainerType({ index: uint8, value: int64Bits })
export const identityValueType = new ContainerType({
  index: uint8,
  value: new ByteListType(limits.identityBytesMax),
})
export const observationType = new ContainerType({
  target: targetIndex,
  status: uint8,
  code: uint16,
  referenceKind: uint8,
  reference: uint64,
  signals: new ListCompositeType(signalValueType, limits.signalsMax),
  identities: new ListCompositeType(identityValueType, limits.identitiesMax),
})
export const observationsType = new ListCompositeType(observationType, limits.targetsPerShardMax)
export const attestationType = new ContainerType({
  epoch,
  round,
  shard: uint16,
  member: memberIndex,
  observations: observationsType,
})
export const attestationClaimType = new ContainerType({
  epoch,
  round,
  shard: uint16,
  member: memberIndex,
  observations: bytes32,
})
export const signedAttestationType = new ContainerType({
  message: attestationType,
  signature: bytes64,
})
export const signedAttestationClaimType = new ContainerType({
  message: attestationClaimType,
  signature: bytes64,
})

// --- Votes (SPEC 6)

export const voteType = new ContainerType({
  epoch,
  view,
  kind: uint8,
  member: memberIndex,
  header: digest,
})
export const signedVoteType = new ContainerType({ message: voteType, signature: bytes64 })
export const memberSignatureType = new ContainerType({ member: memberIndex, signature: bytes64 })
export const viewCertificateType = new ContainerType({
  epoch,
  view,
  kind: uint8,
  header: digest,
  signatures: new ListCompositeType(memberSignatureType, limits.membersMax),
})
export const proposalClaimType = new ContainerType({
  epoch,
  view,
  member: memberIndex,
  parentView: view,
  header: digest,
})
export const signedProposalClaimType = new ContainerType({
  message: proposalClaimType,
  signature: bytes64,
})

// --- Evidence (SPEC 8.4)

export const attestationPairType = new ContainerType({
  first: signedAttestationClaimType,
  second: signedAttestationClaimType,
})
export const proposalPairType = new ContainerType({
  first: signedProposalClaimType,
  second: signedProposalClaimType,
})
export const votePairType = new ContainerType({ first: signedVoteType, second: signedVoteType })
const evidenceUnion = new UnionType([attestationPairType, proposalPairType, votePairType])
export const evidenceType = evidenceUnion as unknown as CompositeType<Evidence, Evidence, Evidence>

// --- Blocks (SPEC 6)

export const nextEpochType = new ContainerType({ committee: digest, parameters: digest })
export const headerType = new ContainerType({
  epoch,
  height,
  round,
  parentRound: round,
  parent: digest,
  committee: digest,
  parameters: digest,
  body: digest,
  stateRoot: digest,
  next: new ListCompositeType(nextEpochType, 1),
})
export const attestationRefType = new ContainerType({ shard: uint16, member: memberIndex, digest })
export const bodyType = new ContainerType({
  attestations: new ListCompositeType(attestationRefType, limits.attestationRefsMax),
  evidence: new ListCompositeType(evidenceType, limits.evidencePerBlockMax),
})
export const blockType = new ContainerType({ header: headerType, body: bodyType })
export const proposalType = new ContainerType({
  epoch,
  view,
  member: memberIndex,
  parentView: view,
  block: blockType,
})
export const signedProposalType = new ContainerType({ message: proposalType, signature: bytes64 })

// --- Certificates (SPEC 9)

export const certificateType = new ContainerType({
  view,
  header: headerType,
  descendants: new ListCompositeType(headerType, limits.descendantsMax),
  signatures: new ListCompositeType(memberSignatureType, limits.membersMax),
})
export const handoverProofType = new ContainerType({
  certificate: certificateType,
  committee: committeeType,
  parameters: parametersType,
})
// --- Status (SPEC 8.5)

export const statusType = new ContainerType({
  epoch,
  member: memberIndex,
  timeMs: uint64,
  bootMs: uint64,
  clockOffsetMs: int64Bits,
  height,
  round,
  view,
  version: id,
  features: new ListCompositeType(name, limits.featuresMax),
})
export const signedStatusType = new ContainerType({ message: statusType, signature: bytes64 })

export type Member = ValueOf<typeof memberType>
/** The monitors whose signatures count in an epoch, ascending by id. */
export type Committee = ValueOf<typeof committeeType>
export type Handover = ValueOf<typeof handoverType>
export type Threshold = ValueOf<typeof thresholdType>
export type Policy = ValueOf<typeof policyType>
export type SignalDef = ValueOf<typeof signalDefType>
export type IdentityDef = ValueOf<typeof identityDefType>
/** What is watched, how it is asked, and by which policy it is judged. */
export type Target = ValueOf<typeof targetType>
/** What an epoch runs by: times in milliseconds, targets, its end if scripted. */
export type Parameters = ValueOf<typeof parametersType>
/** What founds a network; its hash is the network id. */
export type Manifest = ValueOf<typeof manifestType>
export type SignalValue = ValueOf<typeof signalValueType>
export type IdentityValue = ValueOf<typeof identityValueType>
/** One member’s result for one target in one round. */
export type Observation = ValueOf<typeof observationType>
/** A member’s batch of observations for a round and shard. */
export type Attestation = ValueOf<typeof attestationType>
/** What is signed of an attestation, and all that evidence needs of it. */
export type AttestationClaim = ValueOf<typeof attestationClaimType>
export type SignedAttestation = ValueOf<typeof signedAttestationType>
export type SignedAttestationClaim = ValueOf<typeof signedAttestationClaimType>
/** A step of consensus: notarize, nullify or finalize, in one view. */
export type Vote = ValueOf<typeof voteType>
export type SignedVote = ValueOf<typeof signedVoteType>
export type MemberSignature = ValueOf<typeof memberSignatureType>
/** A quorum’s votes of one kind for one view and header (SPEC 6.6). */
export type ViewCertificate = ValueOf<typeof viewCertificateType>
export type ProposalClaim = ValueOf<typeof proposalClaimType>
export type SignedProposalClaim = ValueOf<typeof signedProposalClaimType>
export type AttestationPair = ValueOf<typeof attestationPairType>
export type ProposalPair = ValueOf<typeof proposalPairType>
export type VotePair = ValueOf<typeof votePairType>
/** The two signed messages of one key for one place; the selector tells their kind. */
export type Evidence =
  | { readonly selector: 0; value: AttestationPair }
  | { readonly selector: 1; value: ProposalPair }
  | { readonly selector: 2; value: VotePair }
export type NextEpoch = ValueOf<typeof nextEpochType>
/** What names a block and commits to its inputs and state. */
export type Header = ValueOf<typeof headerType>
export type AttestationRef = ValueOf<typeof attestationRefType>
export type Body = ValueOf<typeof bodyType>
/** A header with the attestations and evidence it rests on. */
export type Block = ValueOf<typeof blockType>
/** A leader’s block for a view. */
export type Proposal = ValueOf<typeof proposalType>
export type SignedProposal = ValueOf<typeof signedProposalType>
/** Proof that a header is final (SPEC 9.1). */
export type Certificate = ValueOf<typeof certificateType>
export type HandoverProof = ValueOf<typeof handoverProofType>
/** What a member tells of itself; never trusted for agreement (SPEC 8.5). */
export type Status = ValueOf<typeof statusType>
export type SignedStatus = ValueOf<typeof signedStatusType>
