import assert from 'node:assert/strict'
import { type Type } from '@chainsafe/ssz'
import {
  areEqual,
  attestationClaimType,
  bodyType,
  certificateFileType,
  decode,
  encode,
  evidenceType,
  headerType,
  manifestType,
  memberType,
  observationsType,
  proposalClaimType,
  signedAttestationType,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  stateType,
  viewCertificateType,
  voteType,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { arbitraryOf } from './support/arbitraries.ts'
import { makeFile } from './support/certificate-fixture.ts'
import { makeContext } from './support/network-fixture.ts'

const types: Record<string, Type<unknown>> = {
  manifestType,
  signedAttestationType,
  observationsType,
  attestationClaimType,
  signedProposalType,
  proposalClaimType,
  signedVoteType,
  viewCertificateType,
  evidenceType: evidenceType as unknown as Type<unknown>,
  headerType,
  bodyType,
  stateType,
  certificateFileType,
  signedStatusType,
} as Record<string, Type<unknown>>

describe('decode', () => {
  for (const [name, type] of Object.entries(types)) {
    it(`gives back every ${name} that encode made`, () => {
      const property = fc.property(arbitraryOf(type), (value) => {
        const decoded = decode(type, encode(type, value))
        assert.ok(decoded.ok, decoded.ok ? '' : decoded.detail)
        assert.deepEqual(decoded.value, value)
      })
      fc.assert(property, { numRuns: 40 })
    })

    it(`accepts no second encoding of a ${name}: what it accepts encodes to the same bytes`, () => {
      const mutation = fc.oneof(
        fc.record({ kind: fc.constant('set' as const), at: fc.nat(), byte: fc.nat(255) }),
        fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), byte: fc.nat(7) }),
        fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), byte: fc.nat(255) }),
        fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), byte: fc.nat(8) }),
      )
      const property = fc.property(
        arbitraryOf(type),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (value, mutations) => {
          let bytes = [...encode(type, value)]
          for (const { kind, at, byte } of mutations) {
            const place = bytes.length === 0 ? 0 : at % bytes.length
            if (kind === 'set') bytes[place] = byte
            else if (kind === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (1 << byte)
            else if (kind === 'insert') bytes.splice(place, 0, byte)
            else bytes = bytes.toSpliced(place, byte)
          }
          assertCanonical(type, Uint8Array.from(bytes))
        },
      )
      fc.assert(property, { numRuns: 150 })
    })
  }

  it('accepts no second encoding of a certificate file, whatever one byte becomes', () => {
    const good = makeFile(makeContext())
    for (let at = 0; at < good.length; at++) {
      for (const byte of [0, 1, 4, 0x7f, 0x80, 0xff, ((good[at] ?? 0) + 1) & 0xff]) {
        const bytes = Uint8Array.from(good)
        bytes[at] = byte
        assertCanonical(certificateFileType as unknown as Type<unknown>, bytes)
      }
    }
  })

  it('answers malformed, and does not throw, for any bytes', () => {
    const property = fc.property(
      fc.constantFrom(...Object.values(types)),
      fc.uint8Array({ maxLength: 300 }),
      (type, bytes) => assertCanonical(type, bytes),
    )
    fc.assert(property, { numRuns: 500 })
  })

  it('refuses a uint64 above 2^53 - 1 and accepts the highest below', () => {
    const vote = { epoch: 0, view: 2 ** 53 - 1, kind: 1, member: 0, header: new Uint8Array(32) }
    const bytes = encode(voteType as unknown as Type<unknown>, vote)
    assert.ok(decode(voteType, bytes).ok)
    for (const high of [0x20, 0x21, 0x40, 0xff]) {
      const above = Uint8Array.from(bytes)
      above.set([0, 0, 0, 0, 0, 0, high, 0], 8)
      const decoded = decode(voteType, above)
      assert.ok(!decoded.ok && decoded.code === 'malformed')
    }
    const highest = Uint8Array.from(bytes)
    highest.fill(0xff, 8, 16)
    assert.equal(decode(voteType, highest).ok, false)
  })

  it('refuses a list over its limit', () => {
    const signature = { member: 0, signature: new Uint8Array(64) }
    const make = (count: number) => ({
      epoch: 0,
      view: 1,
      kind: 1,
      header: new Uint8Array(32),
      signatures: Array.from({ length: count }, () => signature),
    })
    const type = viewCertificateType as unknown as Type<unknown>
    assert.equal(decode(type, encode(type, make(256))).ok, true)
    assert.equal(decode(type, encode(type, make(257))).ok, false)
  })

  it('refuses a byte list over its limit, and a selector that no evidence has', () => {
    const member = {
      id: new Uint8Array(65).fill(0x61),
      publicKey: new Uint8Array(32),
      weight: 1,
      region: new Uint8Array(),
      network: new Uint8Array(),
      operator: new Uint8Array(),
    }
    assert.equal(decode(memberType, encode(memberType, member)).ok, false)
    const id = member.id.subarray(1)
    assert.equal(decode(memberType, encode(memberType, { ...member, id })).ok, true)
    const evidence = new Uint8Array(1 + 2 * (52 + 64))
    for (const selector of [3, 127, 128, 255]) {
      evidence[0] = selector
      assert.equal(decode(evidenceType, evidence).ok, false)
    }
    assert.equal(decode(evidenceType, new Uint8Array()).ok, false)
  })

  it('gives copies, so that the buffer received may be used again', () => {
    const bytes = Buffer.from(makeFile(makeContext()))
    const decoded = decode(certificateFileType, bytes)
    assert.ok(decoded.ok)
    const before = encode(certificateFileType, decoded.value)
    bytes.fill(0)
    assert.ok(areEqual(encode(certificateFileType, decoded.value), before))
  })
})

describe('encode', () => {
  it('throws rather than cut a number or bytes that do not fit', () => {
    const vote = { epoch: 0, view: 1, kind: 1, member: 0, header: new Uint8Array(32) }
    const type = voteType as unknown as Type<unknown>
    assert.equal(encode(type, vote).length, 51)
    const misfits = [
      { kind: 256 },
      { kind: -1 },
      { kind: 1.5 },
      { member: 65_536 },
      { view: 2 ** 53 },
      { view: -1 },
      { view: Number.NaN },
      { header: new Uint8Array(31) },
      { header: new Uint8Array(33) },
    ]
    for (const misfit of misfits) {
      assert.throws(() => encode(type, { ...vote, ...misfit }), JSON.stringify(misfit))
    }
  })
})

function assertCanonical(type: Type<unknown>, bytes: Uint8Array): void {
  const decoded = decode(type, bytes)
  if (decoded.ok) assert.ok(areEqual(encode(type, decoded.value), bytes))
  else assert.equal(decoded.code, 'malformed')
}
