import assert from 'node:assert/strict'
import {
  checkHandoverCommittee,
  checkHandoverParameters,
  committeeType,
  decode,
  fromHex,
  makeGenesisContext,
  makeVerify,
  parametersType,
  parseManifest,
  toHex,
  verifyCertificateFile,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { fastVerify } from '../../packages/attestation/test/support/fast-verify.ts'
import { readVectors } from './committed-vectors.ts'
import { readCertificateFile, type TrustRoot } from './second-reader/certificate-reader.ts'
import { isAdmissible, isValidSignature } from './second-reader/ed25519.ts'
import { computeStateRoot } from './second-reader/hashes.ts'
import { Malformed } from './second-reader/ssz.ts'
import { file, state } from './second-reader/wire-types.ts'

/** For what computes for a second alone, and for much longer where all cores are taken. */
const SLOW_MS = 60_000

const { manifests, files } = readVectors('certificates')
const accepted = readVectors('manifests').accepted

/** The trust root of a manifest, from the vectors of manifests. */
function getTrustRoot(networkId: string): TrustRoot {
  const vector = accepted.find((each) => each.networkId === networkId)
  assert.ok(vector !== undefined)
  return {
    networkId: fromHex(networkId),
    committee: fromHex(vector.committee.ssz),
    parameters: fromHex(vector.parameters.ssz),
  }
}

/** SPEC 4.4 for what is handed over; the vectors of manifests hold it to account. */
function isRuleful(committee: Uint8Array, parameters: Uint8Array): boolean {
  const [a, b] = [decode(committeeType, committee), decode(parametersType, parameters)]
  assert.ok(a.ok && b.ok)
  return [...checkHandoverCommittee(a.value), ...checkHandoverParameters(b.value)].length === 0
}

describe('a reader written from SPEC.md alone', () => {
  it('gives every certificate file of the vectors its result', function () {
    this.timeout(SLOW_MS)
    for (const { name, manifest, file: bytes, result } of files) {
      const root = getTrustRoot(manifests[manifest].networkId)
      assert.equal(readCertificateFile(fromHex(bytes), root, isRuleful), result, name)
    }
  })

  it('gives signatures and keys the verdicts of the vectors', function () {
    this.timeout(SLOW_MS)
    const { signatures, keys } = readVectors('signatures')
    // The 196 of small order alone are alike: one in seven of them is enough here.
    for (const [index, each] of signatures.entries()) {
      if (each.name.startsWith('small order') && index % 7 !== 0) continue
      const [signature, message, publicKey] = [each.signature, each.message, each.publicKey].map(
        fromHex,
      )
      assert.ok(signature !== undefined && message !== undefined && publicKey !== undefined)
      assert.equal(isValidSignature(signature, message, publicKey), each.valid, each.name)
    }
    for (const { name, publicKey, admissible } of keys) {
      assert.equal(isAdmissible(fromHex(publicKey)), admissible, name)
    }
  })

  it('gives states the roots of the vectors', () => {
    for (const { name, ssz, root } of readVectors('states').states) {
      assert.equal(toHex(computeStateRoot(fromHex(ssz))), root, name)
    }
  })

  it('decodes what the vectors say is well-formed, and nothing else', () => {
    const schemas: Readonly<Record<string, typeof file | undefined>> = {
      CertificateFile: file,
      State: state,
    }
    let judged = 0
    for (const { name, type, bytes, valid } of readVectors('malformed')) {
      const schema = schemas[type]
      if (schema === undefined) continue
      judged += 1
      if (valid) schema.read(fromHex(bytes))
      else assert.throws(() => schema.read(fromHex(bytes)), Malformed, name)
    }
    assert.ok(judged > 20)
  })

  it('agrees with ours on files changed at random, in code as in verdict', function () {
    this.timeout(SLOW_MS)
    const verify = makeVerify(fastVerify)
    const known = files.filter(({ manifest, result }) => manifest === 'main' && result === 'valid')
    const { value, networkId } = manifests.main
    const parsed = parseManifest(value)
    assert.ok(parsed.ok)
    const context = makeGenesisContext(parsed.manifest)
    const root = getTrustRoot(networkId)
    const change = fc.record({
      at: fc.nat(),
      byte: fc.constantFrom(0, 1, 2, 4, 5, 8, 12, 0x80, 0xff),
    })
    const property = fc.property(
      fc.constantFrom(...known),
      fc.array(change, { minLength: 1, maxLength: 2 }),
      fc.option(fc.nat(40), { freq: 8 }),
      ({ file: hex }, changes, cut) => {
        const bytes = fromHex(hex)
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte
        const changed = cut === null ? bytes : bytes.subarray(0, bytes.length - cut)
        const ours = verifyCertificateFile(changed, context, verify)
        const theirs = readCertificateFile(changed, root, isRuleful)
        assert.equal(ours.ok ? 'valid' : ours.code, theirs)
      },
    )
    fc.assert(property, { numRuns: 200 })
  })
})
