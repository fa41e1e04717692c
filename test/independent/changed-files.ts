import assert from 'node:assert/strict'
import {
  type Certificate,
  certificateFileType,
  committeeType,
  decode,
  type Epoch,
  type EpochContext,
  encode,
  getHeaderDigest,
  getPublicKey,
  getVoteDigest,
  type HandoverProof,
  type Header,
  limits,
  makeCertificateFile,
  makeEpochContext,
  parametersType,
  type Round,
  type State,
  signDigest,
  stateType,
  toHex,
  voteKinds,
} from '@watchfire/attestation'
import {
  makeHeader,
  makeState,
  VIEW,
} from '../../packages/attestation/test/support/certificate-fixture.ts'
import {
  makeNextEpoch,
  makeSecret,
} from '../../packages/attestation/test/support/network-fixture.ts'
import { getContext } from '../vectors/networks.ts'
import { changeValue } from './change-value.ts'
import type { Draws } from './draws.ts'

/** Where a CertificateFile has its network id and its offsets (SPEC 3). */
const NETWORK_AT = 8
const OFFSETS_AT = 40

/** Bytes changed anywhere: what decoding must catch, and hashes and signatures where it cannot. */
export function changeBytesOf(files: readonly Uint8Array[], draws: Draws): Uint8Array {
  let bytes = [...draws.pick(files)]
  const changes = 1 + draws.below(2)
  for (let change = 0; change < changes; change++) {
    const at = draws.below(bytes.length)
    // Half of the changes are meant for what a file is read by.
    const near = draws.pick([at, at, OFFSETS_AT + 4 * draws.below(4), NETWORK_AT + draws.below(32)])
    const byte = bytes[near] ?? 0
    switch (draws.below(6)) {
      case 0:
        bytes[near] = byte ^ (1 << draws.below(8))
        break
      case 1:
        bytes[near] = (byte + draws.pick([1, 4, 252, 255])) & 255
        break
      case 2:
        bytes = bytes.toSpliced(at, 0, draws.below(256))
        break
      case 3:
        bytes = bytes.toSpliced(at, 1 + draws.below(4))
        break
      case 4:
        bytes = bytes.slice(0, bytes.length - draws.below(50))
        break
      default:
        bytes = bytes.toSpliced(at, 0, ...[...draws.pick(files)].slice(at, at + 32))
    }
  }
  return Uint8Array.from(bytes)
}

/** What the file says changed in one or two places, and encoded again. Signatures are not made anew. */
export function changeFields(files: readonly Uint8Array[], draws: Draws): Uint8Array {
  const decoded = decode(certificateFileType, draws.pick(files))
  assert.ok(decoded.ok)
  return changeUntilEncodable(decoded.value, (copy) => encode(certificateFileType, copy), draws)
}

const genesis = getContext('main')
const full = getContext('full')

/** A file of epoch 0 whose members sign for whatever its state and header say. */
export function signChanged(draws: Draws): Uint8Array {
  const context = draws.oneIn(2) ? genesis : full
  return makeSigned(context, [], draws)
}

/** A file of epoch 1 that installs a changed committee or parameters; all that must sign do. */
export function installChanged(draws: Draws): Uint8Array {
  const next = makeNextEpoch(['m2', 'm3', 'm4', 'm5'])
  const chosen = {
    committee: draws.oneIn(3) ? full.committee : next.committee,
    parameters: draws.oneIn(2) ? full.parameters : next.parameters,
  }
  // Mostly one fault alone: the first of two would hide the other.
  for (let change = draws.oneIn(3) ? 2 : 1; change > 0; change--) {
    if (draws.oneIn(3)) chosen.committee = changeTyped(committeeType, chosen.committee, draws)
    else chosen.parameters = changeTyped(parametersType, chosen.parameters, draws)
  }
  const { context, proof } = prove(chosen)
  return makeSigned(context, [proof], draws)
}

/** A file of epoch 1 that installs what it is given; everything else is in order. */
export function install(chosen: Pick<HandoverProof, 'committee' | 'parameters'>): Uint8Array {
  const { context, proof } = prove(chosen)
  const plain = makeState(context)
  // A round that begins at a time that there is, wherever the clock of the parameters begins.
  const origin = Math.min(chosen.parameters.originRound, limits.originRoundMax)
  const round = Math.max(plain.meta.round, origin + 1) as Round
  const state = { ...plain, meta: { ...plain.meta, round } }
  const place = { round, parentRound: (round - 1) as Round }
  const certificate = sign(context, makeHeader(context, state, place))
  return makeCertificateFile(context.networkId, certificate, state, [proof])
}

/** The context that a hand-over from epoch 0 of `main` installs, and the proof of it. */
function prove({ committee, parameters }: Pick<HandoverProof, 'committee' | 'parameters'>): {
  context: EpochContext
  proof: HandoverProof
} {
  const context = makeEpochContext(genesis.networkId, 1 as Epoch, committee, parameters)
  const next = [{ committee: context.committeeHash, parameters: context.parametersHash }]
  const header = makeHeader(genesis, makeState(genesis), { next })
  return { context, proof: { certificate: sign(genesis, header), committee, parameters } }
}

function makeSigned(context: EpochContext, handovers: HandoverProof[], draws: Draws): Uint8Array {
  const plain = makeState(context)
  const state = draws.oneIn(3) ? plain : changeTyped(stateType, plain, draws)
  const place = { epoch: context.epoch, height: plain.meta.height, round: plain.meta.round }
  const parentRound = draws.oneIn(4) ? place.round : makeHeader(context, plain).parentRound
  const header = makeHeader(context, state, { ...place, parentRound })
  const left = draws.oneIn(4) ? [draws.below(4), draws.below(4)] : []
  const certificate = sign(context, header, new Set(left))
  return makeCertificateFile(context.networkId, certificate, state, handovers)
}

type StructType = typeof stateType | typeof committeeType | typeof parametersType

function changeTyped<T extends State | EpochContext['committee'] | EpochContext['parameters']>(
  type: StructType,
  value: T,
  draws: Draws,
): T {
  return changeUntilEncodable(
    value,
    (copy) => {
      encode<unknown>(type as Parameters<typeof encode<unknown>>[0], copy)
      return copy
    },
    draws,
  )
}

/** Draws changes until one fits the type: a list too long or a number too great is another test's. */
function changeUntilEncodable<T extends object, R>(value: T, use: (copy: T) => R, draws: Draws): R {
  for (;;) {
    const copy = structuredClone(value)
    changeValue(copy, draws)
    try {
      return use(copy)
    } catch (error) {
      assert.ok(error instanceof Error)
    }
  }
}

const manyIds = Array.from({ length: 65 }, (_, index) => `m${index + 100}`)
const secrets = new Map(
  ['m1', 'm2', 'm3', 'm4', 'm5', 'm-2', 'm.1', '0m', 'm10', ...manyIds].map((id) => {
    const secret = makeSecret(id)
    return [toHex(getPublicKey(secret)), secret]
  }),
)

/** Signed by every member that has a key of the tests, whatever its id has become. */
function sign(context: EpochContext, header: Header, left = new Set<number>()): Certificate {
  const digest = getHeaderDigest(context.networkId, header)
  const signatures = context.memberIds.flatMap((_, index) => {
    const member = index as Certificate['signatures'][number]['member']
    const secret = secrets.get(toHex(context.committee.members[index]?.publicKey ?? digest))
    if (secret === undefined || left.has(index)) return []
    const kind = voteKinds.finalize
    const vote = { epoch: context.epoch, view: VIEW, kind, member, header: digest }
    return [{ member, signature: signDigest(getVoteDigest(context.networkId, vote), secret) }]
  })
  return { view: VIEW, header, descendants: [], signatures }
}
