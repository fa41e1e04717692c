import assert from 'node:assert/strict'
import {
  type Certificate,
  type CertificateCode,
  checkCertificate,
  type Epoch,
  getHeaderDigest,
  verifyCertificate,
  verifySignature,
} from '@watchfire/attestation'
import { makeCertificate, makeChild, makeHeader, makeState } from './support/certificate-fixture.ts'
import { makeContext } from './support/network-fixture.ts'

describe('verifyCertificate (SPEC 9.2, 5 to 11)', () => {
  const context = makeContext()
  const header = makeHeader(context, makeState(context))
  const good = makeCertificate(context, header, [makeChild(context, header)])

  function getCode(certificate: Certificate, of = context): CertificateCode | 'valid' {
    const result = verifyCertificate(of, certificate, verifySignature)
    return result.ok ? 'valid' : result.code
  }

  it('accepts a certificate without its state, and gives it back as verified', () => {
    const result = verifyCertificate(context, good, verifySignature)
    assert.ok(result.ok)
    assert.equal(result.value, good)
  })

  it('proves the header, not the descendant that was signed', () => {
    const result = checkCertificate(context, good, verifySignature)
    assert.ok(result.ok)
    assert.deepEqual(result.value, getHeaderDigest(context.networkId, header))
  })

  it('refuses one of another epoch, though committee and parameters are the same', () => {
    assert.equal(getCode(good, { ...context, epoch: 1 as Epoch }), 'wrong-committee')
    const later = makeCertificate(context, { ...header, epoch: 1 as Epoch })
    assert.equal(getCode(later), 'wrong-committee')
  })

  it('gives the first failure where there are several', () => {
    const [descendant] = good.descendants
    const [signature] = good.signatures
    assert.ok(descendant !== undefined && signature !== undefined)
    // Each adds a fault of a check before the others.
    const faults: [CertificateCode, Partial<Certificate>][] = [
      ['bad-signature', { view: 0 as Certificate['view'] }],
      ['insufficient-weight', { signatures: [signature] }],
      ['unordered-signatures', { signatures: [signature, signature] }],
      ['broken-chain', { descendants: [descendant, descendant] }],
      ['wrong-committee', { header: { ...header, committee: header.parent } }],
    ]
    let broken = good
    for (const [code, change] of faults) {
      broken = { ...broken, ...change }
      assert.equal(getCode(broken), code)
    }
  })
})
