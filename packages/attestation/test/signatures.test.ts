import assert from 'node:assert/strict'
import { sign as signWithOpenssl, createPrivateKey } from 'node:crypto'
import {
  type Digest,
  getPublicKey,
  isAdmissibleKey,
  makeVerify,
  sha256,
  signDigest,
  toHex,
  type Verify,
  verifySignature,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { listEdgeKeys, listEdgeSignatures, makeHonestSignature } from './support/edge-signatures.ts'
import { fastVerify } from './support/fast-verify.ts'

describe('signatures', () => {
  const edges = listEdgeSignatures()

  it('judges every signature at the edge as ZIP-215 does (SPEC 2.3)', () => {
    for (const { name, signature, message, publicKey, valid } of edges) {
      assert.equal(verifySignature(signature, message, publicKey), valid, name)
    }
  })

  it('covers signatures that OpenSSL refuses and ZIP-215 accepts, and some that both accept', () => {
    const fast = edges.filter((edge) => fastVerify(edge.signature, edge.message, edge.publicKey))
    assert.ok(fast.length > 0)
    assert.ok(edges.filter(({ valid }) => valid).length > fast.length)
  })

  it('lets the fast path accept nothing at the edge that ZIP-215 refuses, and gives one verdict', () => {
    const verify = makeVerify(fastVerify)
    for (const { name, signature, message, publicKey, valid } of edges) {
      if (fastVerify(signature, message, publicKey)) assert.ok(valid, name)
      assert.equal(verify(signature, message, publicKey), valid, name)
    }
  })

  it('gives the same verdict through the fast path on honest signatures and on broken ones', () => {
    const verify = makeVerify(fastVerify)
    const bit = fc.integer({ min: 0, max: 128 * 8 - 1 })
    const property = fc.property(fc.nat(), fc.option(bit, { nil: undefined }), (seed, flip) => {
      const { signature, message, publicKey } = makeHonestSignature(seed)
      const all = Uint8Array.from([...signature, ...message, ...publicKey])
      if (flip !== undefined) all[flip >> 3] = (all[flip >> 3] ?? 0) ^ (1 << (flip & 7))
      const parts = [all.slice(0, 64), all.slice(64, 96), all.slice(96)] as const
      assert.equal(verify(...parts), verifySignature(...parts))
      assert.equal(verify(...parts), flip === undefined)
    })
    fc.assert(property, { numRuns: 60 })
  })

  it('believes the fast path only when it accepts', () => {
    const { signature, message, publicKey } = makeHonestSignature(1)
    const never: Verify = () => false
    const always: Verify = () => true
    assert.equal(makeVerify(never)(signature, message, publicKey), true)
    assert.equal(makeVerify(always)(new Uint8Array(64), message, publicKey), true)
    assert.equal(makeVerify(never)(new Uint8Array(64), message, publicKey), false)
  })

  it('answers false, and does not throw, for keys and signatures of another length', () => {
    const { signature, message, publicKey } = makeHonestSignature(2)
    assert.equal(verifySignature(signature.subarray(1), message, publicKey), false)
    assert.equal(verifySignature(Uint8Array.from([...signature, 0]), message, publicKey), false)
    assert.equal(verifySignature(signature, message, publicKey.subarray(1)), false)
    assert.equal(verifySignature(new Uint8Array(), message, new Uint8Array()), false)
    assert.equal(verifySignature(signature, new Uint8Array(), publicKey), false)
  })

  it('signs what OpenSSL signs with the same seed', () => {
    const seed = sha256(new Uint8Array([7]))
    const digest = sha256(new Uint8Array([8])) as Digest
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    assert.equal(
      toHex(signDigest(digest, seed)),
      signWithOpenssl(null, digest, key).toString('hex'),
    )
    assert.equal(verifySignature(signDigest(digest, seed), digest, getPublicKey(seed)), true)
  })

  it('admits keys of exactly prime order in their canonical encoding only (SPEC 2.4)', () => {
    const keys = listEdgeKeys()
    assert.ok(keys.some(({ name }) => name.startsWith('y = p +')))
    for (const { name, publicKey, admissible } of keys) {
      assert.equal(isAdmissibleKey(publicKey), admissible, name)
    }
  })
})
