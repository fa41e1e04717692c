import assert from 'node:assert/strict'
import {
  type Digest,
  type Epoch,
  getVoteDigest,
  type MemberIndex,
  signDigest,
  verifySignature,
  verifyViewCertificate,
  type View,
  type ViewCertificate,
  type ViewCertificateCode,
  voteKinds,
} from '@watchfire/attestation'
import { getSecret, makeContext } from './support/network-fixture.ts'

describe('verifyViewCertificate (SPEC 6.6)', () => {
  const context = makeContext()
  const zero = new Uint8Array(32) as Digest
  const header = new Uint8Array(32).fill(7) as Digest

  function make(changes: Partial<ViewCertificate> = {}, members = [0, 1, 3]): ViewCertificate {
    const place = {
      epoch: 0 as Epoch,
      view: 5 as View,
      kind: voteKinds.notarize,
      header,
      ...changes,
    }
    const { epoch, view, kind } = place
    const signatures = members.map((index) => {
      const member = index as MemberIndex
      const vote = { epoch, view, kind, member, header: place.header }
      const digest = getVoteDigest(context.networkId, vote)
      return { member, signature: signDigest(digest, getSecret(context, member)) }
    })
    return { signatures, ...place }
  }

  function getCode(certificate: ViewCertificate): ViewCertificateCode | 'valid' {
    const result = verifyViewCertificate(context, certificate, verifySignature)
    return result.ok ? 'valid' : result.code
  }

  it('accepts a quorum of any kind', () => {
    assert.equal(getCode(make()), 'valid')
    assert.equal(getCode(make({ kind: voteKinds.finalize })), 'valid')
    assert.equal(getCode(make({ kind: voteKinds.nullify, header: zero })), 'valid')
    assert.equal(getCode(make({}, [0, 1, 2, 3])), 'valid')
  })

  it('refuses another epoch, view 0, kinds that are none, and a nullification with a header', () => {
    assert.equal(getCode(make({ epoch: 1 as Epoch })), 'wrong-epoch')
    assert.equal(getCode(make({ view: 0 as View })), 'bad-view')
    const { signatures } = make()
    for (const kind of [0, 4, 255])
      assert.equal(getCode({ ...make(), kind, signatures }), 'bad-kind')
    assert.equal(getCode(make({ kind: voteKinds.nullify })), 'bad-header')
  })

  it('refuses strangers, disorder, a signer twice, and too little weight', () => {
    const { signatures, ...place } = make()
    const [first, second, third] = signatures
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    const stranger = { ...third, member: 4 as MemberIndex }
    assert.equal(getCode({ ...place, signatures: [first, second, stranger] }), 'unknown-member')
    assert.equal(getCode({ ...place, signatures: [second, first, third] }), 'unordered-signatures')
    assert.equal(getCode({ ...place, signatures: [first, first, third] }), 'unordered-signatures')
    assert.equal(getCode({ ...place, signatures: [first, second] }), 'insufficient-weight')
    assert.equal(getCode({ ...place, signatures: [] }), 'insufficient-weight')
  })

  it('refuses signatures of another kind, view, header or member, each one being asked for', () => {
    const good = make({}, [0, 1, 2, 3])
    const others = [
      make({ kind: voteKinds.finalize }),
      make({ view: 6 as View }),
      make({ header: zero }),
    ]
    for (const { signatures } of others)
      assert.equal(getCode({ ...make(), signatures }), 'bad-signature')
    for (const index of good.signatures.keys()) {
      const signatures = good.signatures.map((one, at) =>
        at === index ? { ...one, signature: new Uint8Array(64) } : one,
      )
      assert.equal(getCode({ ...good, signatures }), 'bad-signature', `signature ${index}`)
    }
  })
})
