import assert from 'node:assert/strict'
import {
  type Digest,
  type EvidenceFileCode,
  fromText,
  getEvidenceDigest,
  getVoteDigest,
  limits,
  type MemberIndex,
  makeEvidenceFile,
  makeGenesisContext,
  makeVoteEvidence,
  sha256,
  signDigest,
  type SignedVote,
  toHex,
  verifyEvidenceFile,
  verifySignature,
  type View,
  voteKinds,
} from '../src/index.ts'
import { fastVerify } from './support/fast-verify.ts'
import { getSecret, makeManifestJson, readManifest } from './support/network-fixture.ts'

// What each check of SPEC 9.6 refuses is in test/vectors/evidence.json, which Python reads too.

const manifest = readManifest(makeManifestJson())
const context = makeGenesisContext(manifest)

/** A notarize of m2 in view 5. */
function vote(header: string): SignedVote {
  const message = {
    epoch: context.epoch,
    view: 5 as View,
    kind: voteKinds.notarize,
    member: 1 as MemberIndex,
    header: sha256(fromText(header)) as Digest,
  }
  const digest = getVoteDigest(context.networkId, message)
  return { message, signature: signDigest(digest, getSecret(context, message.member)) }
}

const evidence = makeVoteEvidence(context.networkId, vote('one'), vote('other'))
const good = makeEvidenceFile(context.networkId, evidence, [])

function getCode(bytes: Uint8Array, verify = verifySignature): EvidenceFileCode | 'valid' {
  const result = verifyEvidenceFile(bytes, context, verify)
  return result.ok ? 'valid' : result.code
}

describe('verifyEvidenceFile', () => {
  it('says who signed twice, for what place, and what was signed', () => {
    const result = verifyEvidenceFile(good, manifest, verifySignature)
    assert.ok(result.ok)
    const { offender, place, signed, digest } = result.value
    assert.equal(offender, 'm2')
    assert.deepEqual(place, { kind: 'vote', epoch: 0, view: 5 })
    const digests = ['one', 'other'].map((header) =>
      toHex(getVoteDigest(context.networkId, vote(header).message)),
    )
    assert.deepEqual(signed.map(toHex), digests.toSorted())
    assert.deepEqual(digest, getEvidenceDigest(evidence))
    assert.deepEqual(result.value.context, context)
  })

  it('makes one file of two votes, whichever comes first', () => {
    const swapped = makeVoteEvidence(context.networkId, vote('other'), vote('one'))
    assert.deepEqual(makeEvidenceFile(context.networkId, swapped, []), good)
  })

  it('refuses a file with any one bit flipped', () => {
    // OpenSSL alone refuses in no time; that ZIP-215 gives the same verdicts is shown beside.
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = Uint8Array.from(good)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.notEqual(getCode(flipped, fastVerify), 'valid', `bit ${bit}`)
    }
  })

  it('refuses what is cut short or has a byte too many', () => {
    for (let length = 0; length < good.length; length++) {
      assert.equal(getCode(good.subarray(0, length)), 'malformed', `${length} bytes`)
    }
    assert.equal(getCode(Uint8Array.from([...good, 0])), 'malformed')
  })

  it('refuses more bytes than a file may have, before it reads any of them', () => {
    const result = verifyEvidenceFile(
      new Uint8Array(limits.evidenceFileBytesMax + 1),
      context,
      verifySignature,
    )
    assert.ok(!result.ok)
    assert.equal(result.code, 'malformed')
    assert.match(result.detail, /at most 67108864/)
  })
})
