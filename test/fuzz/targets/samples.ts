import type { Type } from '@chainsafe/ssz'
import {
  encode,
  type Evidence,
  evidenceType,
  type SignedAttestation,
  type SignedProposal,
  type SignedStatus,
  type SignedVote,
  signedAttestationType,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  type ViewCertificate,
  viewCertificateType,
  type DecidedCheck,
  toSignatureCheck,
} from '@watchfire/attestation'
import { type TopicName } from '@watchfire/consensus'
import type { Prng } from '../../sim/world/prng.ts'
import {
  makeAttestation,
  makeProposal,
  signAttestation,
  signProposal,
  signStatus,
} from '../../vectors/sample-messages.ts'
import * as samples from '../../vectors/sample-messages.ts'
import { changeWire } from '../draw-wire.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import {
  resignAttestation,
  resignEvidence,
  resignProposal,
  resignStatus,
  resignViewCertificate,
  resignVote,
  type Sign,
  verifyCheaply,
} from './cheap-signatures.ts'
import { context, makeSignedVote, makeViewCertificate } from './network.ts'

/** How messages of one topic are made: valid ones, and how a changed one is signed anew. */
interface Kind<T> {
  readonly type: Type<T>
  readonly valid: readonly T[]
  readonly resign: (sign: Sign, message: T) => T
}

type AnyKind = Kind<unknown>

const attestation: Kind<SignedAttestation> = {
  type: signedAttestationType,
  valid: [signAttestation(context, makeAttestation(context)).message],
  resign: (sign, message) => resignAttestation(sign, context, message),
}
const proposal: Kind<SignedProposal> = {
  type: signedProposalType,
  valid: [signProposal(context, makeProposal(context)).message],
  resign: (sign, message) => resignProposal(sign, context, message),
}
const vote: Kind<SignedVote> = {
  type: signedVoteType,
  valid: [1, 2, 3].flatMap((kind) => [0, 1, 2].map((member) => makeSignedVote(kind, member))),
  resign: (sign, message) => resignVote(sign, context, message),
}
const certificate: Kind<ViewCertificate> = {
  type: viewCertificateType,
  valid: [1, 2, 3].map((kind) => makeViewCertificate(kind, 12)),
  resign: (sign, message) => resignViewCertificate(sign, context, message),
}
const evidence: Kind<Evidence> = {
  type: evidenceType,
  valid: [
    samples.makeAttestationEvidence(context),
    samples.makeProposalEvidence(context),
    samples.makeVoteEvidence(context),
  ],
  resign: (sign, message) => resignEvidence(sign, context, message),
}
const status: Kind<SignedStatus> = {
  type: signedStatusType,
  valid: [signStatus(context).message],
  resign: (sign, message) => resignStatus(sign, context, message),
}

const kinds = { attestation, proposal, vote, certificate, evidence, status } as unknown as Readonly<
  Record<TopicName, AnyKind>
>
export const topicNames = Object.keys(kinds) as TopicName[]

export function getTopicType(topic: TopicName): Type<unknown> {
  return kinds[topic].type
}

/** Per mille of messages that stay valid, and of changed ones whose bytes are changed too. */
const UNCHANGED = 150
const BYTES_CHANGED = 350

/** A message of a topic: valid, or with fields changed and signed anew, or with its bytes changed. */
export function drawMessage(prng: Prng, topic: TopicName, sign: Sign): Uint8Array {
  const { type, valid, resign } = kinds[topic]
  let message = resign(sign, prng.pick(valid))
  if (prng.chance(UNCHANGED)) return encode(type, message)
  for (let left = prng.between(0, 3); left > 0; left--) message = changeWire(prng, type, message)
  if (prng.chance(800)) message = resign(sign, message)
  const bytes = encode(type, message)
  return prng.chance(BYTES_CHANGED)
    ? mutateBytes(prng, bytes, [encode(type, prng.pick(valid))])
    : bytes
}

export const checkCheaply: DecidedCheck = toSignatureCheck(verifyCheaply)
