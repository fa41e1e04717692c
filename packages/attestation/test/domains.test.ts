import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  type Attestation,
  type Digest,
  type DomainName,
  type Epoch,
  encode,
  getAttestationClaim,
  getAttestationDigest,
  getBodyHash,
  getCommitteeHash,
  getDigest,
  getHeaderDigest,
  getNetworkId,
  getParametersHash,
  getProposalClaim,
  getProposalDigest,
  getReceivedAttestationClaim,
  getStatusDigest,
  getTagged,
  getVoteDigest,
  type MemberIndex,
  manifestType,
  observationsType,
  type Round,
  signedAttestationType,
  type TargetIndex,
  toBits,
  toHex,
  type View,
  voteType,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { makeHeader, makeState } from './support/certificate-fixture.ts'
import { makeContext, makeManifestJson, readManifest } from './support/network-fixture.ts'

const NAMES = [
  'manifest',
  'committee',
  'parameters',
  'header',
  'body',
  'meta',
  'target',
  'group',
  'attestation',
  'proposal',
  'notarize',
  'nullify',
  'finalize',
  'status',
] as const satisfies readonly DomainName[]

/** SPEC 2 written again, with another hash library and no helper of ours. */
function domain(name: string): Buffer {
  return Buffer.concat([Buffer.from(`watchfire:${name}`, 'ascii'), Buffer.alloc(32)], 32)
}

function hash(...parts: Uint8Array[]): string {
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex')
}

function digest(name: string, networkId: Uint8Array, epoch: number, bytes: Uint8Array): string {
  const numbers = Buffer.alloc(4)
  numbers.writeUInt32LE(1)
  const epochBytes = Buffer.alloc(8)
  epochBytes.writeBigUInt64LE(BigInt(epoch))
  const inner = Buffer.from(hash(bytes), 'hex')
  const input = Buffer.concat([domain(name), numbers, networkId, epochBytes, inner])
  assert.equal(input.length, 108)
  return hash(input)
}

describe('domains', () => {
  const manifest = readManifest(makeManifestJson())
  const context = makeContext()
  const { networkId } = context

  it('hash what belongs to no epoch with the domain before it (SPEC 2.1)', () => {
    const property = fc.property(fc.constantFrom(...NAMES), fc.uint8Array(), (name, bytes) => {
      assert.equal(toHex(getTagged(name, bytes)), hash(domain(name), bytes))
    })
    fc.assert(property)
    assert.equal(
      toHex(getNetworkId(manifest)),
      hash(domain('manifest'), encode(manifestType, manifest)),
    )
  })

  it('bind kind, protocol, network and epoch into what is signed (SPEC 2.2)', () => {
    const property = fc.property(
      fc.constantFrom(...NAMES),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.maxSafeNat(),
      fc.uint8Array(),
      (name, network, epoch, bytes) => {
        assert.equal(
          toHex(getDigest(network as Digest, name, epoch as Epoch, bytes)),
          digest(name, network, epoch, bytes),
        )
      },
    )
    fc.assert(property)
  })

  it('keep all kinds of message, and all votes, apart', () => {
    const bytes = new Uint8Array(51)
    const hashes = NAMES.flatMap((name) => [
      toHex(getTagged(name, bytes)),
      toHex(getDigest(networkId, name, 0 as Epoch, bytes)),
    ])
    assert.equal(new Set(hashes).size, 2 * NAMES.length)
  })

  it('follow the kind of a vote, and refuse kinds that are none', () => {
    const vote = {
      epoch: 0 as Epoch,
      view: 3 as View,
      kind: 1,
      member: 2 as MemberIndex,
      header: new Uint8Array(32) as Digest,
    }
    for (const [kind, name] of [
      [1, 'notarize'],
      [2, 'nullify'],
      [3, 'finalize'],
    ] as const) {
      const voted = { ...vote, kind }
      assert.equal(
        toHex(getVoteDigest(networkId, voted)),
        digest(name, networkId, 0, encode(voteType, voted)),
      )
    }
    for (const kind of [0, 4]) {
      assert.throws(() => getVoteDigest(networkId, { ...vote, kind }), RangeError)
    }
  })

  it('sign attestations and proposals by claims, in which hashes stand for what is long', () => {
    const attestation: Attestation = {
      epoch: 0 as Epoch,
      round: 8 as Round,
      shard: 0,
      member: 1 as MemberIndex,
      observations: [
        {
          target: 0 as TargetIndex,
          status: 1,
          code: 0,
          referenceKind: 1,
          reference: 77,
          signals: [{ index: 0, value: toBits(-5n) }],
          identities: [],
        },
      ],
    }
    const claim = getAttestationClaim(attestation)
    const observations = encode(observationsType, attestation.observations)
    assert.equal(toHex(claim.observations), hash(observations))
    assert.deepEqual(
      getAttestationDigest(networkId, attestation),
      getAttestationDigest(networkId, claim),
    )
    const signed = { message: attestation, signature: new Uint8Array(64).fill(9) }
    const received = encode(signedAttestationType, signed)
    assert.deepEqual(getReceivedAttestationClaim(attestation, received), claim)

    const header = makeHeader(context, makeState(context))
    const block = { header, body: { attestations: [], evidence: [] } }
    const proposal = {
      epoch: 0 as Epoch,
      view: 4 as View,
      member: 0 as MemberIndex,
      parentView: 3 as View,
      block,
    }
    const proposalClaim = getProposalClaim(networkId, proposal)
    assert.deepEqual(proposalClaim.header, getHeaderDigest(networkId, header))
    const other = { ...proposalClaim, parentView: 2 as View }
    assert.notDeepEqual(
      getProposalDigest(networkId, proposalClaim),
      getProposalDigest(networkId, other),
    )
  })

  it('give another digest on another network, in another epoch, and for another kind', () => {
    const header = makeHeader(context, makeState(context))
    const other = getNetworkId(readManifest({ ...makeManifestJson(), name: 'other' }))
    const status = {
      epoch: 0 as Epoch,
      member: 0 as MemberIndex,
      timeMs: 1,
      bootMs: 1,
      clockOffsetMs: toBits(-3n),
      height: header.height,
      round: header.round,
      view: 1 as View,
      version: new Uint8Array(),
      features: [],
    }
    const digests = [
      getHeaderDigest(networkId, header),
      getHeaderDigest(other, header),
      getHeaderDigest(networkId, { ...header, epoch: 1 as Epoch }),
      getStatusDigest(networkId, status),
      getStatusDigest(other, status),
      getCommitteeHash(manifest.committee),
      getParametersHash(manifest.parameters),
      getBodyHash({ attestations: [], evidence: [] }),
    ].map(toHex)
    assert.equal(new Set(digests).size, digests.length)
  })
})
