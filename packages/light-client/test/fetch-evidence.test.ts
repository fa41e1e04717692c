import assert from 'node:assert/strict'
import {
  type Digest,
  fromText,
  getVoteDigest,
  type MemberIndex,
  makeEvidenceFile,
  makeVoteEvidence,
  sha256,
  signDigest,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { type Fetch, fetchEvidence } from '@watchfire/light-client'
import { flipBit, makeContext, makeManifest, makeManifestJson } from './support/chain-fixture.ts'

const context = makeContext()

/** A file that proves that a member voted for two headers in view 3 of a network. */
function makeFile(member: number, { networkId, epoch, memberIds } = context): Uint8Array {
  const vote = (text: string) => {
    const header = sha256(fromText(text)) as Digest
    const place = { epoch, view: 3 as View, member: member as MemberIndex }
    const message = { ...place, kind: voteKinds.notarize, header }
    const secret = sha256(fromText(`watchfire test key of ${memberIds[member]}`))
    return { message, signature: signDigest(getVoteDigest(networkId, message), secret) }
  }
  const evidence = makeVoteEvidence(networkId, vote('one'), vote('other'))
  return makeEvidenceFile(networkId, evidence, [])
}

const toItem = (file: Uint8Array) => ({ file: Buffer.from(file).toString('base64') })
const toPage = (files: readonly Uint8Array[], next: string | null = null) => ({
  evidence: files.map(toItem),
  next,
})

describe('fetchEvidence', () => {
  /** Servers by host, each with its pages in order; without any it is gone. */
  const makeFetch = (servers: Record<string, readonly unknown[]>, asked: string[] = []): Fetch => {
    const left = new Map(Object.entries(servers).map(([host, pages]) => [host, [...pages]]))
    return async (url) => {
      asked.push(url)
      const page = left.get(new URL(url).hostname)?.shift()
      if (page === undefined) throw new TypeError('fetch failed')
      return Response.json(page)
    }
  }
  const ask = async (...pages: unknown[]) =>
    fetchEvidence('http://one', makeManifest(), { fetch: makeFetch({ one: pages }) })
  const getCode = async (...pages: unknown[]) => {
    const found = await ask(...pages)
    return found.ok ? found.value.map(({ offender }) => offender) : found.code
  }

  it('gives every piece, page after page, each verified here', async () => {
    const asked: string[] = []
    const fetch = makeFetch({ one: [toPage([makeFile(1)], 'a b'), toPage([makeFile(3)])] }, asked)
    const found = await fetchEvidence('http://one/', context, { fetch })
    assert.ok(found.ok)
    const [first, second] = found.value
    assert.equal(first?.offender, 'm2')
    assert.deepEqual(first.place, { kind: 'vote', epoch: 0, view: 3 })
    assert.deepEqual(first.bytes, makeFile(1))
    assert.equal(second?.offender, 'm4')
    assert.deepEqual(asked, [
      'http://one/v1/evidence?limit=200',
      'http://one/v1/evidence?limit=200&cursor=a%20b',
    ])
  })

  it('gives nothing where nothing is known', async () => {
    assert.deepEqual(await getCode(toPage([])), [])
  })

  it('believes no server that gives one piece that proves nothing, and asks the next', async () => {
    const forged = toPage([makeFile(1), flipBit(makeFile(2), -1)])
    assert.equal(await getCode(forged), 'bad-signature')
    const other = makeContext({ ...makeManifestJson(), name: 'other' })
    assert.equal(await getCode(toPage([makeFile(1, other)])), 'wrong-network')
    const fetch = makeFetch({ one: [forged], two: [toPage([makeFile(1)])] })
    const found = await fetchEvidence(['http://one', 'http://two'], context, { fetch })
    assert.ok(found.ok)
    assert.deepEqual(
      found.value.map(({ url }) => url),
      ['http://two'],
    )
  })

  it('takes one piece a member, and no list without end', async () => {
    assert.deepEqual(await getCode(toPage([makeFile(1), makeFile(1)])), ['m2'])
    const endless = Array.from({ length: 300 }, () => toPage([makeFile(1)], 'more'))
    assert.equal(await getCode(...endless), 'too-large')
  })

  it('says so when the answer is no list of evidence', async () => {
    for (const answer of [7, {}, { evidence: [{}] }, { evidence: [{ file: '?' }] }])
      assert.equal(await getCode(answer), 'bad-answer')
    assert.equal(await getCode(), 'unreachable')
  })
})
