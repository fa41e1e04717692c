import assert from 'node:assert/strict'
import {
  type Certificate,
  type CertificateFile,
  type CertificateFileCode,
  certificateFileType,
  type Committee,
  decode,
  type Digest,
  type Epoch,
  type EpochContext,
  encode,
  getHeaderDigest,
  type HandoverProof,
  type Height,
  limits,
  type Manifest,
  type MemberIndex,
  makeCertificateFile,
  makeEpochContext,
  makeGenesisContext,
  makeVerify,
  type Round,
  type Verify,
  verifyCertificateFile,
  type View,
  verifySignature,
} from '@watchfire/attestation'
import {
  makeCertificate,
  makeChild,
  makeFile,
  makeHandover,
  makeHeader,
  makeState,
  signFinalize,
} from './support/certificate-fixture.ts'
import { fastVerify } from './support/fast-verify.ts'
import {
  makeContext,
  makeManifestJson,
  makeMemberJson,
  makeNextEpoch,
  readManifest,
} from './support/network-fixture.ts'

/** For what computes for a second alone, and for much longer where all cores are taken. */
const SLOW_MS = 60_000

const verify = makeVerify(fastVerify)

function read(bytes: Uint8Array): CertificateFile {
  const decoded = decode(certificateFileType, bytes)
  if (!decoded.ok) assert.fail(decoded.detail)
  return decoded.value
}

function getCode(
  bytes: Uint8Array,
  trusted: Manifest | EpochContext,
  by: Verify = verify,
): CertificateFileCode | 'valid' {
  const result = verifyCertificateFile(bytes, trusted, by)
  return result.ok ? 'valid' : result.code
}

describe('verifyCertificateFile', () => {
  const manifest = readManifest(makeManifestJson())
  const context = makeGenesisContext(manifest)
  const good = makeFile(context)

  /** The good file with something done to what it says; signatures are not made anew. */
  function change(edit: (file: CertificateFile) => void): Uint8Array {
    const file = read(good)
    edit(file)
    return encode(certificateFileType, file)
  }

  /** A file around another certificate of the good state. */
  function wrap(certificate: Certificate, state = makeState(context)): Uint8Array {
    return makeCertificateFile(context.networkId, certificate, state, [])
  }

  const header = makeHeader(context, makeState(context))

  it('accepts a file that a quorum signed, and says what it proves', () => {
    const result = verifyCertificateFile(good, manifest, verifySignature)
    assert.ok(result.ok)
    const { signers, state, headerDigest } = result.value
    assert.deepEqual(signers, ['m1', 'm2', 'm3', 'm4'])
    assert.deepEqual(state, makeState(context))
    assert.deepEqual(headerDigest, getHeaderDigest(context.networkId, header))
    assert.deepEqual(result.value.context, context)
  })

  it('accepts the context of epoch 0 in place of the manifest', () => {
    assert.equal(getCode(good, context), 'valid')
  })

  it('refuses a file with any one bit flipped', function () {
    this.timeout(SLOW_MS)
    // OpenSSL alone refuses in no time; that ZIP-215 gives the same verdicts is shown beside.
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = Uint8Array.from(good)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.notEqual(getCode(flipped, context, fastVerify), 'valid', `bit ${bit}`)
    }
  })

  it('refuses any one bit flipped in a signature beyond the quorum, by ZIP-215 too', () => {
    const bytes = makeFile(context)
    const { signatures } = read(bytes).certificate
    const last = signatures.at(-1)?.signature
    assert.ok(last !== undefined)
    const start = Buffer.from(bytes).indexOf(Buffer.from(last))
    for (let bit = 0; bit < 64 * 8; bit++) {
      const flipped = Uint8Array.from(bytes)
      const at = start + (bit >> 3)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7))
      assert.equal(getCode(flipped, context), 'bad-signature', `bit ${bit}`)
    }
  })

  it('refuses what is cut short, has a byte too many, or has other magic', () => {
    for (let length = 0; length < good.length; length++) {
      assert.equal(getCode(good.subarray(0, length), context), 'malformed', `${length} bytes`)
    }
    assert.equal(getCode(Uint8Array.from([...good, 0]), context), 'malformed')
    const other = change((file) => {
      file.magic = new Uint8Array(8)
    })
    assert.equal(getCode(other, context), 'malformed')
  })

  it('refuses more bytes than a file may have, before it reads any of them', () => {
    const huge = new Uint8Array(limits.certificateFileBytesMax + 1)
    const result = verifyCertificateFile(huge, context, verify)
    assert.ok(!result.ok)
    assert.equal(result.code, 'malformed')
    assert.match(result.detail, /at most 67108864/)
  })

  it('refuses the file of another network, and another network that only renames it', () => {
    const other = makeContext({ ...makeManifestJson(), name: 'other' })
    assert.equal(getCode(makeFile(other), context), 'wrong-network')
    const renamed = read(makeFile(other))
    renamed.network = context.networkId
    assert.equal(getCode(encode(certificateFileType, renamed), context), 'bad-signature')
  })

  it('refuses headers of another committee or other parameters', () => {
    const zero = new Uint8Array(32) as Digest
    for (const changes of [{ committee: zero }, { parameters: zero }]) {
      assert.equal(getCode(makeFile(context, changes), context), 'wrong-committee')
    }
    const stranger = makeChild(context, header, { committee: zero })
    assert.equal(
      getCode(wrap(makeCertificate(context, header, [stranger])), context),
      'wrong-committee',
    )
  })

  it('accepts a header made final by descendants', () => {
    const child = makeChild(context, header)
    const grandchild = makeChild(context, child, { round: (child.round + 4) as Round })
    const chain = [child, grandchild]
    assert.equal(getCode(wrap(makeCertificate(context, header, chain)), context), 'valid')
  })

  it('refuses every broken link between descendants', () => {
    const child = makeChild(context, header)
    const next = [{ committee: context.committeeHash, parameters: context.parametersHash }]
    const chains = {
      'another parent': [makeChild(context, header, { parent: new Uint8Array(32) as Digest })],
      'a height left out': [makeChild(context, header, { height: (header.height + 2) as Height })],
      'the same height': [makeChild(context, header, { height: header.height })],
      'another round of its parent': [
        makeChild(context, header, { parentRound: (header.round - 1) as Round }),
      ],
      'the same round': [makeChild(context, header, { round: header.round })],
      'a link left out': [makeChild(context, child)],
      'a second link broken': [child, makeChild(context, header)],
      'links the wrong way round': [makeChild(context, child), child],
    }
    for (const [name, chain] of Object.entries(chains)) {
      assert.equal(
        getCode(wrap(makeCertificate(context, header, chain)), context),
        'broken-chain',
        name,
      )
    }
    const last = makeHeader(context, makeState(context), { next })
    const beyond = makeCertificate(context, last, [makeChild(context, last, { next: [] })])
    assert.equal(getCode(wrap(beyond), context), 'broken-chain')
  })

  it('accepts a last header that installs the next epoch, alone or as the last descendant', () => {
    const next = [{ committee: context.committeeHash, parameters: context.parametersHash }]
    const last = makeHeader(context, makeState(context), { next })
    assert.equal(getCode(wrap(makeCertificate(context, last)), context), 'valid')
    const child = makeChild(context, header, { next })
    assert.equal(getCode(wrap(makeCertificate(context, header, [child])), context), 'valid')
  })

  it('refuses a signature of a member that does not exist', () => {
    const bytes = change(({ certificate }) => {
      for (const signature of certificate.signatures.slice(-1)) {
        signature.member = 4 as MemberIndex
      }
    })
    assert.equal(getCode(bytes, context), 'unknown-member')
  })

  it('refuses a signer twice and signers out of order', () => {
    const twice = change(({ certificate }) => {
      certificate.signatures = certificate.signatures.flatMap((one, index) =>
        index === 0 ? [one, one] : [one],
      )
    })
    assert.equal(getCode(twice, context), 'unordered-signatures')
    const reversed = change(({ certificate }) => {
      certificate.signatures.reverse()
    })
    assert.equal(getCode(reversed, context), 'unordered-signatures')
  })

  it('refuses weight short by one and accepts the quorum exactly', () => {
    // W = 10: Q = 7 and f = 3.
    const json = makeManifestJson()
    const committee = [3, 3, 2, 2].map((weight, index) => makeMemberJson(`m${index + 1}`, weight))
    const weighted = makeContext({ ...json, committee })
    assert.equal(weighted.quorum, 7)
    const state = makeState(weighted)
    const sign = (...members: number[]) =>
      makeCertificateFile(
        weighted.networkId,
        makeCertificate(weighted, makeHeader(weighted, state), [], members as MemberIndex[]),
        state,
        [],
      )
    assert.equal(getCode(sign(0, 1), weighted), 'insufficient-weight')
    assert.equal(getCode(sign(1, 2, 3), weighted), 'valid')
    assert.equal(getCode(sign(), weighted), 'insufficient-weight')
    assert.equal(getCode(sign(0, 1, 2), weighted), 'valid')
    // Of four of weight 1, three are a quorum and two are short by one.
    const three = makeCertificate(context, header, [], [0, 1, 3] as MemberIndex[])
    assert.equal(getCode(wrap(three), context), 'valid')
    const two = makeCertificate(context, header, [], [1, 3] as MemberIndex[])
    assert.equal(getCode(wrap(two), context), 'insufficient-weight')
  })

  it('refuses signatures over another view, another header or by another member', () => {
    const digest = getHeaderDigest(context.networkId, header)
    const view = 11 as View
    const elsewhere: [string, Certificate['signatures']][] = [
      ['another view', signFinalize(context, 12 as View, digest)],
      ['another header', signFinalize(context, view, new Uint8Array(32) as Digest)],
      [
        'another member',
        signFinalize(context, view, digest).map((one, index, all) => ({
          ...one,
          signature: all[(index + 1) % all.length]?.signature ?? one.signature,
        })),
      ],
    ]
    for (const [name, signatures] of elsewhere) {
      const certificate = { view, header, descendants: [], signatures }
      assert.equal(getCode(wrap(certificate), context), 'bad-signature', name)
    }
  })

  it("refuses another epoch's signatures", () => {
    const later = { ...context, epoch: 1 as Epoch }
    const digest = getHeaderDigest(context.networkId, header)
    const signatures = signFinalize(later, 11 as View, digest)
    const certificate = { view: 11 as View, header, descendants: [], signatures }
    assert.equal(getCode(wrap(certificate), context), 'bad-signature')
  })

  it('asks for every signature, not only for a quorum of them', () => {
    let asked = 0
    const counting: Verify = (...parts) => {
      asked += 1
      return fastVerify(...parts)
    }
    assert.equal(getCode(good, context, counting), 'valid')
    assert.equal(asked, 4)
  })

  it('refuses a round that is not after the parent round, height 0 and view 0', () => {
    const bytes = makeFile(context, { parentRound: header.round })
    assert.equal(getCode(bytes, context), 'bad-round')
    const state = makeState(context, { height: 0 as Height, round: 9 as Round })
    const genesis = makeCertificate(context, makeHeader(context, state))
    assert.equal(getCode(wrap(genesis, state), context), 'bad-round')
    const view = 0 as View
    const digest = getHeaderDigest(context.networkId, header)
    const signatures = signFinalize(context, view, digest)
    assert.equal(getCode(wrap({ view, header, descendants: [], signatures }), context), 'bad-round')
  })

  it('refuses a state that is not the one certified', () => {
    const other = change(({ state }) => {
      for (const target of state.targets) target.verdict = 1
    })
    assert.equal(getCode(other, context), 'wrong-state')
    const fewer = change(({ state }) => {
      state.targets.pop()
    })
    assert.equal(getCode(fewer, context), 'wrong-state')
  })

  it('refuses a certified state of another place, other targets, or numbers of no meaning', () => {
    const edits: Record<string, (state: CertificateFile['state']) => void> = {
      epoch: ({ meta }) => Object.assign(meta, { epoch: 1 }),
      height: ({ meta }) => Object.assign(meta, { height: 8 }),
      round: ({ meta }) => Object.assign(meta, { round: 10 }),
      'a target missing': ({ targets }) => targets.pop(),
      'targets in another order': ({ targets }) => targets.reverse(),
      verdict: ({ targets }) => Object.assign(targets[0] ?? {}, { verdict: 6 }),
      settled: ({ targets }) => Object.assign(targets[0] ?? {}, { settled: 5 }),
      streak: ({ targets }) => Object.assign(targets[1] ?? {}, { streak: 5 }),
      reasonKind: ({ targets }) => Object.assign(targets[1] ?? {}, { reasonKind: 7 }),
      astray: ({ targets }) => Object.assign(targets[1] ?? {}, { astray: 2 }),
      outcome: ({ targets }) => Object.assign(targets[0] ?? {}, { outcome: 1000 }),
      referenceKind: ({ targets }) => Object.assign(targets[0] ?? {}, { referenceKind: 3 }),
    }
    for (const [name, edit] of Object.entries(edits)) {
      const state = makeState(context)
      const { stateRoot: _, ...place } = makeHeader(context, state)
      edit(state)
      const certified = makeHeader(context, state, place)
      assert.equal(
        getCode(wrap(makeCertificate(context, certified), state), context),
        'wrong-state',
        name,
      )
    }
  })
})

describe('hand-overs of certificate files', () => {
  const next = makeNextEpoch(['m2', 'm3', 'm4', 'm5'])
  const genesis = makeContext()
  const later = makeEpochContext(genesis.networkId, 1 as Epoch, next.committee, next.parameters)
  const handover = makeHandover(genesis, later)
  const state = makeState(later)
  const certificate = makeCertificate(later, makeHeader(later, state))

  function makeLater(...handovers: HandoverProof[]): Uint8Array {
    return makeCertificateFile(genesis.networkId, certificate, state, handovers)
  }

  /** A hand-over from epoch 0 whose header installs exactly what is given. */
  function install(committee: Committee, parameters = next.parameters): HandoverProof {
    return makeHandover(
      genesis,
      makeEpochContext(genesis.networkId, 1 as Epoch, committee, parameters),
    )
  }

  it('lead from the manifest to a certificate of a later epoch', () => {
    const result = verifyCertificateFile(makeLater(handover), genesis, verifySignature)
    assert.ok(result.ok)
    assert.deepEqual(result.value.signers, ['m2', 'm3', 'm4', 'm5'])
    assert.equal(result.value.context.epoch, 1)
  })

  it('lead through more than one epoch', () => {
    const last = makeNextEpoch(['m3', 'm4', 'm5', 'm6'])
    const epoch2 = makeEpochContext(genesis.networkId, 2 as Epoch, last.committee, last.parameters)
    const state2 = makeState(epoch2)
    const bytes = makeCertificateFile(
      genesis.networkId,
      makeCertificate(epoch2, makeHeader(epoch2, state2)),
      state2,
      [handover, makeHandover(later, epoch2)],
    )
    assert.equal(getCode(bytes, genesis), 'valid')
  })

  it('are refused as an unknown epoch when missing, too many, or of another epoch', () => {
    assert.equal(getCode(makeLater(), genesis), 'unknown-epoch')
    assert.equal(getCode(makeLater(handover, handover), genesis), 'unknown-epoch')
    const following = makeHandover(later, { ...later, epoch: 2 as Epoch })
    assert.equal(getCode(makeLater(handover, following), genesis), 'unknown-epoch')
    assert.equal(getCode(makeLater(following), genesis), 'unknown-epoch')
    const early = makeCertificate(genesis, makeHeader(genesis, makeState(genesis)))
    const surplus = makeCertificateFile(genesis.networkId, early, makeState(genesis), [handover])
    assert.equal(getCode(surplus, genesis), 'unknown-epoch')
  })

  it('are refused when their own certificate does not verify', () => {
    const [first, second] = handover.certificate.signatures
    assert.ok(first !== undefined && second !== undefined)
    const few = { ...handover.certificate, signatures: [first, second] }
    assert.equal(getCode(makeLater({ ...handover, certificate: few }), genesis), 'bad-handover')
    const stolen = makeHandover({ ...later, epoch: 0 as Epoch }, later)
    assert.equal(getCode(makeLater(stolen), genesis), 'bad-handover')
  })

  it('are refused when the header installs nothing, or something else', () => {
    const plain = makeCertificate(genesis, makeHeader(genesis, makeState(genesis)))
    assert.equal(getCode(makeLater({ ...handover, certificate: plain }), genesis), 'bad-handover')
    const { committee, parameters } = makeNextEpoch(['m1', 'm2', 'm3', 'm4'])
    assert.equal(getCode(makeLater({ ...handover, committee }), genesis), 'bad-handover')
    const slower = { ...parameters, roundMs: 3000 }
    const swapped = { ...handover, parameters: slower }
    assert.equal(getCode(makeLater(swapped), genesis), 'bad-handover')
  })

  it('are refused when what they install breaks the rules of manifests', () => {
    const { members } = next.committee
    const broken: Record<string, HandoverProof> = {
      'no members': install({ members: [] }),
      'a zero weight': install({
        members: members.map((member, index) => ({ ...member, weight: index })),
      }),
      'members out of order': install({ members: members.toReversed() }),
      'no rounds': install(next.committee, { ...next.parameters, roundMs: 0 }),
      'targets out of order': install(next.committee, {
        ...next.parameters,
        targets: next.parameters.targets.toReversed(),
      }),
    }
    for (const [name, proof] of Object.entries(broken)) {
      const result = verifyCertificateFile(makeLater(proof), genesis, verify)
      assert.ok(!result.ok && result.code === 'bad-handover', name)
      assert.match(result.detail, /expected/, name)
    }
  })

  it("cannot be left out by naming the later committee's headers epoch 0", () => {
    const posing = { ...later, epoch: 0 as Epoch }
    const early = makeState(posing)
    const bytes = makeCertificateFile(
      genesis.networkId,
      makeCertificate(posing, makeHeader(posing, early)),
      early,
      [],
    )
    assert.equal(getCode(bytes, genesis), 'wrong-committee')
  })
})
