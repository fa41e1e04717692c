import {
  ByteListType,
  type CompositeType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  type ValueOf,
} from '@chainsafe/ssz'
import {
  decode,
  type Digest,
  encode,
  ExactBytesType,
  ExactUintType,
  limits,
  signedVoteType,
  viewCertificateType,
} from '@watchfire/attestation'
import type { HighestAnswer, NetworkSource } from '../ports.ts'
import { getPrefix } from './topics.ts'

// SPEC 10: what travels on streams, in its order.

const uint8 = new ExactUintType(1)
const uint16 = new ExactUintType(2)
const uint32 = new ExactUintType(4)
const uint64 = new ExactUintType(8)
const digest = new ExactBytesType(32) as unknown as CompositeType<Digest, Digest, Digest>

/** Digests a request for attestations may name. */
export const attestationsPerRequestMax = 256
/** Header digests a request for blocks may name. */
export const blocksPerRequestMax = 64
/** Views a request for view certificates may span. */
export const viewsPerRequestMax = 256
/** Certificates a request may ask for. */
export const certificatesPerRequestMax = 256
/** SignedVotes in an answer to `highest`. */
export const ownVotesMax = 16

export const attestationsRequestType = new ListCompositeType(digest, attestationsPerRequestMax)
export const blocksRequestType = new ListCompositeType(digest, blocksPerRequestMax)
export const viewsRequestType = new ContainerType({ epoch: uint64, from: uint64, to: uint64 })
export const certificatesRequestType = new ContainerType({ fromHeight: uint64, count: uint16 })
export const stateRequestType = new ContainerType({ root: digest, index: uint32 })
export const stateChunkType = new ContainerType({
  total: uint32,
  bytes: new ByteListType(limits.stateChunkBytes),
})
export const highestRequestType = new ContainerType({ epoch: uint64 })
export const highestAnswerType = new ContainerType({
  certificate: new ListCompositeType(viewCertificateType, 1),
  height: uint64,
  round: uint64,
  member: new ListBasicType(uint16, 1),
  own: new ListCompositeType(signedVoteType, ownVotesMax),
})
export const directMessageType = new ContainerType({
  topic: uint8,
  data: new ByteListType(limits.attestationBytesMax),
})
export type StateChunk = ValueOf<typeof stateChunkType>

/** What is fixed about a protocol that is asked and answers. */
export interface ProtocolSpec<Request> {
  readonly request: Type<Request>
  /** Most bytes of the request. */
  readonly requestBytesMax: number
  /** Most bytes of one message of the answer. */
  readonly answerBytesMax: number
  /** Most messages of an answer. */
  readonly answersMax: number
}

const DIGEST_BYTES = 32
/** A header with `next`, in round figures above what SPEC 3 makes of it. */
const HEADER_BYTES_MAX = 512
const SIGNATURES_BYTES_MAX = limits.membersMax * 66

/** Every protocol of SPEC 10 but `direct`, with its types and bounds. */
export const protocolSpecs = {
  attestations: {
    request: attestationsRequestType,
    requestBytesMax: attestationsPerRequestMax * DIGEST_BYTES,
    answerBytesMax: limits.attestationBytesMax,
    answersMax: attestationsPerRequestMax,
  } satisfies ProtocolSpec<Digest[]>,
  blocks: {
    request: blocksRequestType,
    requestBytesMax: blocksPerRequestMax * DIGEST_BYTES,
    answerBytesMax: limits.proposalBytesMax,
    answersMax: blocksPerRequestMax,
  } satisfies ProtocolSpec<Digest[]>,
  views: {
    request: viewsRequestType,
    requestBytesMax: 24,
    answerBytesMax: limits.viewCertificateBytesMax,
    // Notarization, nullification and finalization of each view.
    answersMax: viewsPerRequestMax * 3,
  } satisfies ProtocolSpec<ValueOf<typeof viewsRequestType>>,
  certificates: {
    request: certificatesRequestType,
    requestBytesMax: 10,
    answerBytesMax: (limits.descendantsMax + 1) * HEADER_BYTES_MAX + SIGNATURES_BYTES_MAX + 64,
    answersMax: certificatesPerRequestMax,
  } satisfies ProtocolSpec<ValueOf<typeof certificatesRequestType>>,
  state: {
    request: stateRequestType,
    requestBytesMax: 36,
    answerBytesMax: limits.stateChunkBytes + 8,
    answersMax: 1,
  } satisfies ProtocolSpec<ValueOf<typeof stateRequestType>>,
  highest: {
    request: highestRequestType,
    requestBytesMax: 8,
    answerBytesMax: limits.viewCertificateBytesMax + ownVotesMax * limits.voteBytesMax + 256,
    answersMax: 1,
  } satisfies ProtocolSpec<ValueOf<typeof highestRequestType>>,
} as const
export type ProtocolName = keyof typeof protocolSpecs

/** Most bytes of one message on `direct`: the number, an offset, the data. */
export const directBytesMax = limits.attestationBytesMax + 5

/** Name of a protocol as libp2p negotiates it (SPEC 10). */
export function getProtocol(networkId: Digest, name: ProtocolName | 'direct'): string {
  return `${getPrefix(networkId)}/${name}`
}

/**
 * Bytes of the answer to `highest`.
 *
 * @throws when what our own store gave does not decode
 */
export function encodeHighest(held: ReturnType<NetworkSource['getHighest']>): Uint8Array {
  return encode(highestAnswerType, {
    certificate:
      held.certificate === undefined ? [] : [viewCertificateType.deserialize(held.certificate)],
    height: held.height,
    round: held.round,
    member: held.member === undefined ? [] : [held.member],
    own: held.own.slice(-ownVotesMax).map((bytes) => signedVoteType.deserialize(bytes)),
  })
}

/** What a peer answered on `highest`, unverified; `undefined` when it does not decode. */
export function decodeHighest(bytes: Uint8Array): Omit<HighestAnswer, 'from'> | undefined {
  const decoded = decode(highestAnswerType, bytes)
  if (!decoded.ok) return undefined
  const { certificate, height, round, member, own } = decoded.value
  return {
    // The encoding is canonical: these are the very bytes the peer sent.
    certificate: certificate[0] && encode(viewCertificateType, certificate[0]),
    height,
    round,
    member: member[0],
    own: own.map((vote) => encode(signedVoteType, vote)),
  }
}
