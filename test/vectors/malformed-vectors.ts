import type { Type } from '@chainsafe/ssz'
import {
  certificateFileType,
  encode,
  evidenceType,
  memberType,
  signedAttestationType,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  stateType,
  toHex,
  viewCertificateType,
} from '@watchfire/attestation'
import { makeFile } from '../../packages/attestation/test/support/certificate-fixture.ts'
import { getContext } from './networks.ts'
import {
  makeAttestation,
  makeProposal,
  makeVote,
  makeVoteEvidence,
  signAttestation,
  signProposal,
  signStatus,
  signVote,
} from './sample-messages.ts'
import { makeFullState } from './state-vectors.ts'
import {
  concat,
  overwrite,
  readU32,
  u32,
  type VectorFile,
  type VectorValue,
} from './vector-values.ts'

/** Wire types by the names of SPEC 3, as these vectors use them. */
export const wireTypes = {
  SignedAttestation: signedAttestationType,
  SignedProposal: signedProposalType,
  SignedVote: signedVoteType,
  ViewCertificate: viewCertificateType,
  Evidence: evidenceType,
  SignedStatus: signedStatusType,
  State: stateType,
  CertificateFile: certificateFileType,
  Member: memberType,
} as const

export type WireTypeName = keyof typeof wireTypes

interface Case {
  readonly name: string
  readonly type: WireTypeName
  readonly bytes: Uint8Array
  /** Whether strict decoding accepts it. */
  readonly valid: boolean
}

/** Bytes at the edge of strict decoding (SPEC 1). */
export const malformedVectors: VectorFile = {
  name: 'malformed',
  make: () =>
    listCases().map(
      ({ name, type, bytes, valid }): VectorValue => ({ name, type, bytes: toHex(bytes), valid }),
    ),
}

function listCases(): Case[] {
  const samples = makeSamples()
  const names = Object.keys(samples) as (keyof typeof samples)[]
  return [
    ...names.flatMap((type) => listGeneral(type, samples[type])),
    ...listNumbers(samples.SignedVote),
    ...listLimits(),
    ...listOffsets(samples.SignedAttestation, samples.State),
    ...listEvidence(samples.Evidence),
  ]
}

function makeSamples() {
  const context = getContext('full')
  return {
    SignedAttestation: encode(
      signedAttestationType,
      signAttestation(context, makeAttestation(context)).message,
    ),
    SignedProposal: encode(
      signedProposalType,
      signProposal(context, makeProposal(context)).message,
    ),
    SignedVote: encode(signedVoteType, signVote(context, makeVote(context)).message),
    SignedStatus: encode(signedStatusType, signStatus(context).message),
    Evidence: encode(evidenceType, makeVoteEvidence(context)),
    State: encode(stateType, makeFullState(context)),
    CertificateFile: makeFile(getContext('main')),
  } as const
}

const ENDS_IN_TEXT: ReadonlySet<WireTypeName> = new Set(['SignedStatus'])

/** What must be refused of every type: cut short, longer, empty. */
function listGeneral(type: WireTypeName, bytes: Uint8Array): Case[] {
  const bad = (name: string, changed: Uint8Array): Case => ({
    name: `${type}: ${name}`,
    type,
    bytes: changed,
    valid: false,
  })
  return [
    { name: `${type}: as it should be`, type, bytes, valid: true },
    bad('empty', new Uint8Array()),
    // Where a text comes last, a shorter one is as well-formed.
    { ...bad('its last byte missing', bytes.subarray(0, -1)), valid: ENDS_IN_TEXT.has(type) },
    bad('its first byte missing', bytes.subarray(1)),
    bad('its first half', bytes.subarray(0, bytes.length >> 1)),
    bad('a byte too many before', concat(Uint8Array.of(0), bytes)),
  ]
}

/** SPEC 1: numbers above 2^53 - 1 are malformed. The view of a SignedVote lies at byte 8. */
function listNumbers(vote: Uint8Array): Case[] {
  const view = (bytes: number[], valid: boolean, name: string): Case => ({
    name: `SignedVote: view is ${name}`,
    type: 'SignedVote',
    bytes: overwrite(vote, 8, Uint8Array.from(bytes)),
    valid,
  })
  const ff = 0xff
  return [
    view([ff, ff, ff, ff, ff, ff, 0x1f, 0], true, '2^53 - 1'),
    view([0, 0, 0, 0, 0, 0, 0x20, 0], false, '2^53'),
    view([1, 0, 0, 0, 0, 0, 0x20, 0], false, '2^53 + 1'),
    view([0, 0, 0, 0, 0, 0, 0, 0x80], false, '2^63'),
    view([ff, ff, ff, ff, ff, ff, ff, ff], false, '2^64 - 1'),
    {
      name: 'SignedVote: a byte too many after',
      type: 'SignedVote',
      bytes: concat(vote, Uint8Array.of(0)),
      valid: false,
    },
  ]
}

/** Lists and byte lists at their limits and one beyond. */
function listLimits(): Case[] {
  const member = (idLength: number) =>
    encode(memberType as Type<unknown>, {
      id: new Uint8Array(idLength).fill(0x61),
      publicKey: new Uint8Array(32),
      weight: 1,
      region: new Uint8Array(),
      network: new Uint8Array(),
      operator: new Uint8Array(),
    })
  // Signatures are 66 bytes each; the list comes last, so its length is what is left.
  const fixed = concat(new Uint8Array(17), new Uint8Array(32), u32(53))
  const certificate = (bytes: number) => concat(fixed, new Uint8Array(bytes))
  return [
    { name: 'Member: an id of 64 bytes', type: 'Member', bytes: member(64), valid: true },
    { name: 'Member: an id of 65 bytes', type: 'Member', bytes: member(65), valid: false },
    {
      name: 'ViewCertificate: no signatures',
      type: 'ViewCertificate',
      bytes: certificate(0),
      valid: true,
    },
    {
      name: 'ViewCertificate: 257 signatures',
      type: 'ViewCertificate',
      bytes: certificate(257 * 66),
      valid: false,
    },
    {
      name: 'ViewCertificate: a signature and a byte',
      type: 'ViewCertificate',
      bytes: certificate(67),
      valid: false,
    },
  ]
}

/** Offsets must be exact: the first is the length of the fixed part, none goes back or beyond the end. */
function listOffsets(attestation: Uint8Array, state: Uint8Array): Case[] {
  const outer = (name: string, value: number): Case => ({
    name: `SignedAttestation: ${name}`,
    type: 'SignedAttestation',
    bytes: overwrite(attestation, 0, u32(value)),
    valid: false,
  })
  const inner = (name: string, at: number, value: number): Case => ({
    name: `State: ${name}`,
    type: 'State',
    bytes: overwrite(state, at, u32(value)),
    valid: false,
  })
  const [meta, targets, groups] = [0, 4, 8].map((at) => readU32(state, at))
  if (meta === undefined || targets === undefined || groups === undefined) {
    throw new Error('a state has three offsets')
  }
  const firstTarget = readU32(state, targets)
  // A gap: the second part begins a byte later than the first ends.
  const gap = concat(
    u32(13),
    u32(targets + 1),
    u32(groups + 1),
    Uint8Array.of(0),
    state.subarray(12),
  )
  return [
    outer('an offset of 0', 0),
    outer('an offset into the fixed part', 67),
    outer('an offset past the fixed part', 69),
    outer('an offset past the end', attestation.length + 1),
    outer('an offset of 2^32 - 1', 0xff_ff_ff_ff),
    inner('its first offset past the fixed part', 0, 13),
    inner('a second offset before the first', 4, meta - 1),
    inner('a third offset before the second', 8, targets - 1),
    inner('a third offset past the end', 8, state.length + 1),
    inner('a list whose first offset is 0', targets, 0),
    inner('a list whose first offset is no multiple of 4', targets, firstTarget + 1),
    inner('a list whose first offset is past its end', targets, groups - targets + 4),
    inner('a list whose second offset goes back', targets + 4, firstTarget - 4),
    { name: 'State: a gap before the first part', type: 'State', bytes: gap, valid: false },
  ]
}

function listEvidence(evidence: Uint8Array): Case[] {
  const select = (selector: number): Case => ({
    name: `Evidence: selector ${selector}`,
    type: 'Evidence',
    bytes: overwrite(evidence, 0, Uint8Array.of(selector)),
    valid: selector === 2,
  })
  return [0, 1, 2, 3, 128, 255].map(select)
}
