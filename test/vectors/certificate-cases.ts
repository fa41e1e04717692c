import {
  type Certificate,
  type CertificateFile,
  type CertificateFileCode,
  certificateFileType,
  type Digest,
  type Epoch,
  encode,
  getHeaderDigest,
  getVoteDigest,
  type Header,
  type Height,
  type MemberIndex,
  makeCertificateFile,
  type Round,
  type State,
  signDigest,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import {
  makeCertificate,
  makeChild,
  makeFile,
  makeHeader,
  makeState,
  signFinalize,
  VIEW,
} from '../../packages/attestation/test/support/certificate-fixture.ts'
import {
  addGroupOrder,
  signWithTorsionInR,
} from '../../packages/attestation/test/support/edge-signatures.ts'
import { getSecret } from '../../packages/attestation/test/support/network-fixture.ts'
import { getContext, type NetworkName } from './networks.ts'
import { makeFullState } from './state-vectors.ts'
import { concat, overwrite, u32, ZERO_HASH } from './vector-values.ts'

/** One certificate file, the manifest it is held against, and what must come out. */
export interface CertificateCase {
  readonly name: string
  readonly manifest: NetworkName
  readonly file: Uint8Array
  readonly result: CertificateFileCode | 'valid'
}

type Edit = (file: CertificateFile) => void

const context = getContext('main')
const state = makeState(context)
const header = makeHeader(context, state)
const good = makeFile(context)
/** Where the offsets of a CertificateFile stand: of certificate, state and hand-overs. */
const OFFSETS = { certificate: 40, state: 44, handovers: 48 }

function of(
  result: CertificateCase['result'],
  name: string,
  file: Uint8Array,
  manifest: NetworkName = 'main',
): CertificateCase {
  return { name, manifest, file, result }
}

/** The good file with something done to what it says; signatures are not made anew. */
function edit(change: Edit): Uint8Array {
  const file = certificateFileType.deserialize(good)
  change(file)
  return encode(certificateFileType, file)
}

function wrap(certificate: Certificate, of_: State = state): Uint8Array {
  return makeCertificateFile(context.networkId, certificate, of_, [])
}

/** A file around headers that members do sign. */
function certify(header_: Header, descendants: Header[] = [], of_: State = state): Uint8Array {
  return wrap(makeCertificate(context, header_, descendants), of_)
}

/** Every case of a certificate of epoch 0. */
export function listEpochZeroCases(): CertificateCase[] {
  return [
    ...listValid(),
    ...listMalformed(),
    ...listWrongNetworks(),
    ...listBroken(),
    ...listTimes(),
    ...listSigners(),
    ...listSignatures(),
    ...listWrongStates(),
  ]
}

function listValid(): CertificateCase[] {
  const child = makeChild(context, header)
  const later = makeChild(context, child, { round: (child.round + 20) as Round })
  const full = getContext('full')
  const fullState = makeFullState(full)
  const fullFile = makeCertificateFile(
    full.networkId,
    makeCertificate(full, makeHeader(full, fullState)),
    fullState,
    [],
  )
  const next = [{ committee: context.committeeHash, parameters: context.parametersHash }]
  return [
    of('valid', 'signed by all', good),
    of(
      'valid',
      'signed by a quorum exactly',
      wrap(makeCertificate(context, header, [], [0, 1, 3] as MemberIndex[])),
    ),
    of('valid', 'every field of the state in use', fullFile, 'full'),
    of('valid', 'final by a descendant', certify(header, [child])),
    of(
      'valid',
      'final by two descendants, rounds left out between',
      certify(header, [child, later]),
    ),
    of('valid', 'the last block of its epoch', certify({ ...header, next })),
    of(
      'valid',
      'a last descendant that is the last block of its epoch',
      certify(header, [{ ...child, next }]),
    ),
    of(
      'valid',
      'a signature with torsion in R',
      withSignature(0, (digest, secret) => signWithTorsionInR(digest, secret)),
    ),
  ]
}

function withSignature(
  member: number,
  sign: (digest: Digest, secretKey: Uint8Array) => Uint8Array,
): Uint8Array {
  return edit(({ certificate }) => {
    const one = certificate.signatures[member]
    if (one === undefined) throw new Error(`no signature at ${member}`)
    const digest = getVoteDigest(context.networkId, {
      epoch: context.epoch,
      view: VIEW,
      kind: voteKinds.finalize,
      member: one.member,
      header: getHeaderDigest(context.networkId, header),
    })
    one.signature = sign(digest, getSecret(context, one.member))
  })
}

function listMalformed(): CertificateCase[] {
  const bad = (name: string, file: Uint8Array) => of('malformed', name, file)
  const offset = (field: keyof typeof OFFSETS, change: number) => {
    const view = new DataView(good.buffer, good.byteOffset)
    const value = view.getUint32(OFFSETS[field], true) + change
    return overwrite(good, OFFSETS[field], u32(value))
  }
  const ff = new Uint8Array(8).fill(0xff)
  const heightAt = certificateFileType.deserialize(good).certificate.header.height
  const certificateAt = new DataView(good.buffer, good.byteOffset).getUint32(
    OFFSETS.certificate,
    true,
  )
  // Certificate: view, three offsets, then the header: epoch, height.
  const heightOffset = certificateAt + 8 + 12 + 8
  if (good[heightOffset] !== heightAt) throw new Error('the height is not where it should be')
  return [
    bad('empty', new Uint8Array()),
    bad('one byte', Uint8Array.of(0x57)),
    bad('cut short by one byte', good.subarray(0, -1)),
    bad('cut to its fixed part', good.subarray(0, 52)),
    bad('cut to half', good.subarray(0, good.length >> 1)),
    bad('a byte too many', concat(good, Uint8Array.of(0))),
    bad('twice in a row', concat(good, good)),
    bad('other magic', overwrite(good, 7, Uint8Array.of(0x32))),
    bad('magic of zeros', overwrite(good, 0, new Uint8Array(8))),
    bad('its first offset one too high', offset('certificate', 1)),
    bad('its first offset one too low', offset('certificate', -1)),
    bad('its second offset one too high', offset('state', 1)),
    bad('its second offset one too low', offset('state', -1)),
    bad('its third offset one too low', offset('handovers', -1)),
    bad('its third offset past the end', offset('handovers', 1)),
    bad('a height above 2^53 - 1', overwrite(good, heightOffset, ff)),
    bad('JSON', new TextEncoder().encode('{"format":1}')),
  ]
}

function listWrongNetworks(): CertificateCase[] {
  const foreign = makeFile(getContext('other'))
  return [
    of('wrong-network', 'of another network', foreign),
    of('wrong-network', 'held against another manifest', good, 'other'),
    of(
      'wrong-network',
      'a network id with one bit flipped',
      overwrite(good, 8, Uint8Array.of((good[8] ?? 0) ^ 1)),
    ),
    of(
      'bad-signature',
      'of another network, renamed to this one',
      overwrite(foreign, 8, context.networkId),
    ),
  ]
}

function listBroken(): CertificateCase[] {
  const child = makeChild(context, header)
  const next = [{ committee: context.committeeHash, parameters: context.parametersHash }]
  const last = { ...header, next }
  const committee = 'wrong-committee'
  const chain = 'broken-chain'
  const round = 'bad-round'
  const genesis = makeState(context, { height: 0 as Height, round: 9 as Round })
  const digest = getHeaderDigest(context.networkId, header)
  const view = 0 as View
  return [
    of(committee, 'another committee', certify({ ...header, committee: ZERO_HASH })),
    of(committee, 'other parameters', certify({ ...header, parameters: ZERO_HASH })),
    of(
      committee,
      'a descendant of another committee',
      certify(header, [{ ...child, committee: ZERO_HASH }]),
    ),
    of(
      committee,
      'a descendant of another epoch',
      certify(header, [{ ...child, epoch: 1 as Epoch }]),
    ),
    of(
      chain,
      'a descendant with another parent',
      certify(header, [{ ...child, parent: ZERO_HASH }]),
    ),
    of(
      chain,
      'a descendant one too high',
      certify(header, [{ ...child, height: (child.height + 1) as Height }]),
    ),
    of(
      chain,
      'a descendant of the same height',
      certify(header, [{ ...child, height: header.height }]),
    ),
    of(
      chain,
      'a descendant that names another parent round',
      certify(header, [{ ...child, parentRound: header.parentRound }]),
    ),
    of(
      chain,
      'a descendant of the same round',
      certify(header, [{ ...child, round: header.round }]),
    ),
    of(chain, 'a descendant left out', certify(header, [makeChild(context, child)])),
    of(
      chain,
      'a descendant of the last block of an epoch',
      certify(last, [makeChild(context, last, { next: [] })]),
    ),
    of(round, 'the round of its parent', certify({ ...header, parentRound: header.round })),
    of(
      round,
      'a round before its parent',
      certify({ ...header, parentRound: (header.round + 1) as Round }),
    ),
    of(round, 'height 0', certify(makeHeader(context, genesis), [], genesis)),
    of(
      round,
      'view 0',
      wrap({ view, header, descendants: [], signatures: signFinalize(context, view, digest) }),
    ),
  ]
}

/** Rounds at the edges of what a clock can show: start(round) and, in 9.5, valid until. */
function listTimes(): CertificateCase[] {
  const late = getContext('late')
  const { originRound, originMs, roundMs, proposeAtMs, viewTimeoutMs } = late.parameters
  const first = originRound - Math.floor(originMs / roundMs)
  const lastStartMs = Number.MAX_SAFE_INTEGER - 2 * roundMs - proposeAtMs - viewTimeoutMs
  const last = originRound + Math.floor((lastStartMs - originMs) / roundMs)
  const at = (result: CertificateCase['result'], name: string, round: number) => {
    const certified = makeState(late, { height: 7 as Height, round: round as Round })
    const certificate = makeCertificate(late, makeHeader(late, certified))
    return of(result, name, makeCertificateFile(late.networkId, certificate, certified, []), 'late')
  }
  return [
    at('valid', 'the first round that begins in or after 1970', first),
    at('bad-round', 'a round that begins before 1970', first - 1),
    at('valid', 'the last round whose times are below 2^53', last),
    at('bad-round', 'a round that is valid beyond 2^53', last + 1),
    at('bad-round', 'the highest round that there is', Number.MAX_SAFE_INTEGER),
  ]
}

function listSigners(): CertificateCase[] {
  const weighted = getContext('weighted')
  const weightedState = makeState(weighted)
  const by = (...members: number[]) =>
    makeCertificateFile(
      weighted.networkId,
      makeCertificate(weighted, makeHeader(weighted, weightedState), [], members as MemberIndex[]),
      weightedState,
      [],
    )
  const short = 'insufficient-weight'
  const unordered = 'unordered-signatures'
  return [
    of('valid', 'weights 3, 3, 2, 2: weight 7 of the 7 needed', by(1, 2, 3), 'weighted'),
    of(short, 'weights 3, 3, 2, 2: weight 6 of the 7 needed', by(0, 1), 'weighted'),
    of(short, 'two of four', wrap(makeCertificate(context, header, [], [1, 2] as MemberIndex[]))),
    of(short, 'no signatures', wrap(makeCertificate(context, header, [], []))),
    of(
      'unknown-member',
      'a member that does not exist',
      edit(({ certificate }) => Object.assign(certificate.signatures[3] ?? {}, { member: 4 })),
    ),
    of(
      'unknown-member',
      'member 65535 before others',
      edit(({ certificate }) => Object.assign(certificate.signatures[0] ?? {}, { member: 65_535 })),
    ),
    of(
      unordered,
      'a signer twice',
      edit(({ certificate }) =>
        certificate.signatures.splice(1, 0, ...certificate.signatures.slice(0, 1)),
      ),
    ),
    of(
      unordered,
      'a signer in the place of another, twice',
      edit(({ certificate }) =>
        certificate.signatures.splice(2, 2, ...certificate.signatures.slice(0, 1)),
      ),
    ),
    of(
      unordered,
      'signers out of order',
      edit(({ certificate }) => certificate.signatures.reverse()),
    ),
  ]
}

function listSignatures(): CertificateCase[] {
  const digest = getHeaderDigest(context.networkId, header)
  const bad = (name: string, file: Uint8Array) => of('bad-signature', name, file)
  const signed = (signatures: Certificate['signatures']) =>
    wrap({ view: VIEW, header, descendants: [], signatures })
  const later = { ...context, epoch: 1 as Epoch }
  const swapped = signFinalize(context, VIEW, digest).map((one, index, all) => ({
    ...one,
    signature: all[(index + 1) % all.length]?.signature ?? one.signature,
  }))
  return [
    bad('signatures for another view', signed(signFinalize(context, 12 as View, digest))),
    bad('signatures for another header', signed(signFinalize(context, VIEW, ZERO_HASH))),
    bad('signatures for another epoch', signed(signFinalize(later, VIEW, digest))),
    bad(
      'signatures for the header where a descendant is the last',
      wrap({
        ...makeCertificate(context, header),
        descendants: [makeChild(context, header)],
      }),
    ),
    bad('notarize votes', signed(signKind(voteKinds.notarize, digest))),
    bad('each with the signature of the next member', signed(swapped)),
    bad('one bit of the first R flipped', flipSignature(0, 0)),
    bad('one bit of the last S flipped, beyond the quorum', flipSignature(3, 40)),
    bad(
      'a signature of zeros beyond the quorum',
      withSignature(3, () => new Uint8Array(64)),
    ),
    bad(
      'S + L beyond the quorum',
      edit(({ certificate }) => {
        const one = certificate.signatures[3]
        if (one !== undefined) one.signature = addGroupOrder(one.signature)
      }),
    ),
    bad(
      'the header changed after signing',
      edit((file) => {
        file.certificate.header.body = ZERO_HASH
      }),
    ),
    bad(
      'the view changed after signing',
      edit((file) => {
        file.certificate.view = 12 as View
      }),
    ),
  ]
}

function signKind(kind: number, digest: Digest): Certificate['signatures'] {
  const all = makeCertificate(context, header).signatures
  return all.map(({ member }) => {
    const vote = { epoch: context.epoch, view: VIEW, kind, member, header: digest }
    const signed = getVoteDigest(context.networkId, vote)
    return { member, signature: signDigest(signed, getSecret(context, member)) }
  })
}

function flipSignature(index: number, byte: number): Uint8Array {
  return edit(({ certificate }) => {
    const one = certificate.signatures[index]
    if (one !== undefined) {
      one.signature = overwrite(one.signature, byte, Uint8Array.of((one.signature[byte] ?? 0) ^ 1))
    }
  })
}

function listWrongStates(): CertificateCase[] {
  const wrong = (name: string, file: Uint8Array) => of('wrong-state', name, file)
  /** A state that members did certify, though it cannot be one of this header's. */
  const certified = (name: string, change: (state: State) => unknown) => {
    const changed = structuredClone(state)
    change(changed)
    const { stateRoot: _, ...place } = header
    return wrong(
      `certified, but ${name}`,
      certify(makeHeader(context, changed, place), [], changed),
    )
  }
  const first = ({ targets }: State) => targets[0] ?? {}
  return [
    wrong(
      'another verdict than certified',
      edit((file) => Object.assign(first(file.state), { verdict: 1 })),
    ),
    wrong(
      'another round in its meta than certified',
      edit((file) => Object.assign(file.state.meta, { round: 10 })),
    ),
    wrong(
      'a target left out',
      edit((file) => file.state.targets.pop()),
    ),
    wrong(
      'no state to speak of',
      edit((file) => {
        file.state.targets = []
      }),
    ),
    wrong(
      'the state of another header',
      makeCertificateFile(
        context.networkId,
        makeCertificate(context, header),
        makeState(context, { height: 8 as Height, round: 10 as Round }),
        [],
      ),
    ),
    certified('of another epoch', ({ meta }) => Object.assign(meta, { epoch: 1 })),
    certified('of another height', ({ meta }) => Object.assign(meta, { height: 8 })),
    certified('of another round', ({ meta }) => Object.assign(meta, { round: 8 })),
    certified('without one of the targets', ({ targets }) => targets.pop()),
    certified('with targets out of order', ({ targets }) => targets.reverse()),
    certified('with a target twice', ({ targets }) => targets.splice(1, 1, ...targets.slice(0, 1))),
    certified('with verdict 6', (each) => Object.assign(first(each), { verdict: 6 })),
    certified('with settled 5', (each) => Object.assign(first(each), { settled: 5 })),
    certified('with streak 5', (each) => Object.assign(first(each), { streak: 5 })),
    certified('with reasonKind 7', (each) => Object.assign(first(each), { reasonKind: 7 })),
    certified('with astray 2', (each) => Object.assign(first(each), { astray: 2 })),
    certified('with outcome 1000', (each) => Object.assign(first(each), { outcome: 1000 })),
    certified('with referenceKind 3', (each) => Object.assign(first(each), { referenceKind: 3 })),
    ...listWrongGroups(),
  ]
}

/** Groups that members did certify, though they cannot be those of the parameters. */
function listWrongGroups(): CertificateCase[] {
  const full = getContext('full')
  const certified = (name: string, change: (groups: State['groups']) => unknown) => {
    const changed = structuredClone(makeFullState(full))
    change(changed.groups)
    const certificate = makeCertificate(full, makeHeader(full, changed, changed.meta))
    const file = makeCertificateFile(full.networkId, certificate, changed, [])
    return of('wrong-state', `certified, but ${name}`, file, 'full')
  }
  const first = (groups: State['groups']) => groups[0] ?? {}
  const name = (groups: State['groups'], signal: object) =>
    Object.assign(groups[0]?.signals[0] ?? {}, signal)
  return [
    certified('without its group', (groups) => groups.pop()),
    certified('with a group too many', (groups) => groups.push(...structuredClone(groups))),
    certified('with another group', (groups) =>
      Object.assign(first(groups), { id: Uint8Array.of(0x61) }),
    ),
    certified('with standing 5', (groups) => Object.assign(first(groups), { standing: 5 })),
    certified('with a signal of no target', (groups) => name(groups, { target: 2 })),
    certified('with a signal that its target has not', (groups) => name(groups, { signal: 32 })),
  ]
}
