import assert from 'node:assert/strict'
import {
  makeGenesisContext,
  toHex,
  verifyEvidenceFile,
  verifySignature,
} from '@watchfire/attestation'
import { getEvidence } from './answers-fixture.ts'
import {
  type EventReader,
  getChain,
  openStream,
  startTestServer,
  type TestServer,
} from './server-fixture.ts'

type Json = Record<string, unknown>

const context = makeGenesisContext(getChain().manifest)
const evidence = getEvidence(getChain())
const digests = evidence.map(({ digest }) => toHex(digest))

/** Who a file in base64 proves guilty. */
function getOffender(file: unknown): string {
  const verified = verifyEvidenceFile(Buffer.from(String(file), 'base64'), context, verifySignature)
  return verified.ok ? verified.value.offender : verified.code
}

describe('evidence over HTTP', () => {
  let test: TestServer
  const readers: EventReader[] = []

  beforeEach(async () => {
    test = await startTestServer(4)
    test.source.setEvidence(evidence)
  })
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close()
    await test.server.close()
  })

  const ask = async (path: string, headers: Record<string, string> = {}) =>
    fetch(test.server.url + path, { headers })
  const askJson = async (path: string) => (await ask(path)).json() as Promise<Json>

  it('is listed with what proves it, and the block that holds it where one does', async () => {
    const answer = await askJson('/v1/evidence')
    const [m2, m3] = answer['evidence'] as Json[]
    assert.ok(m2 !== undefined && m3 !== undefined)
    const place = ({ kind, view, attestedRound, inclusion, digest }: Json) => {
      return { kind, view, attestedRound, inclusion, digest }
    }
    assert.deepEqual(place(m2), {
      kind: 'vote',
      view: 9,
      attestedRound: null,
      inclusion: null,
      digest: digests[0],
    })
    assert.deepEqual(place(m3), {
      kind: 'attestation',
      view: null,
      attestedRound: 5,
      inclusion: { round: 6, roundStart: '2025-11-21T00:00:12.000Z', height: 4 },
      digest: digests[1],
    })
    assert.deepEqual(
      [m2, m3].map(({ file }) => getOffender(file)),
      ['m2', 'm3'],
    )
    assert.equal(answer['next'], null)
  })

  it('is given in pages', async () => {
    const first = await askJson('/v1/evidence?limit=1')
    const second = await askJson(`/v1/evidence?limit=1&cursor=${String(first['next'])}`)
    const listed = [first, second].flatMap((page) => page['evidence'] as Json[])
    assert.deepEqual(
      listed.map(({ monitor }) => monitor),
      ['m2', 'm3'],
    )
    assert.equal(second['next'], null)
  })

  it('is served as a file that verifies, tagged, to be kept for ever', async () => {
    const accept = 'application/octet-stream'
    const answer = await ask(`/v1/evidence/${digests[0]}`, { accept })
    assert.equal(answer.headers.get('content-type'), accept)
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(getOffender(bytes.toString('base64')), 'm2')
    const tag = answer.headers.get('etag') ?? ''
    const again = await ask(`/v1/evidence/${digests[0]}`, { accept, 'if-none-match': tag })
    assert.equal(again.status, 304)
  })

  it('is told for people at the same address, and refuses another form', async () => {
    const answer = await ask(`/v1/evidence/${digests[1]}`)
    assert.equal(answer.headers.get('cache-control'), 'no-cache')
    const { evidence: found } = (await answer.json()) as { evidence: Json }
    assert.equal(found['monitor'], 'm3')
    assert.equal((await ask(`/v1/evidence/${digests[1]}`, { accept: 'text/html' })).status, 406)
  })

  it('is not there for another digest, and a digest is 64 hex digits', async () => {
    const code = async (path: string) => (await askJson(path))['code']
    assert.equal(await code(`/v1/evidence/${'0'.repeat(64)}`), 'unknown-evidence')
    assert.equal(await code('/v1/evidence/0'), 'bad-request')
  })

  it('is named beside the monitor it accuses', async () => {
    const answer = await askJson('/v1/monitors')
    const monitors = answer['monitors'] as Json[]
    assert.deepEqual(
      monitors.map((each) => each['evidence']),
      [null, ...digests, null],
    )
  })

  it('is counted by what was signed twice, zeros too', async () => {
    const body = await (await ask('/metrics')).text()
    for (const line of [
      'watchfire_evidence{kind="attestation"} 1',
      'watchfire_evidence{kind="proposal"} 0',
      'watchfire_evidence{kind="vote"} 1',
      'watchfire_members_excluded 0',
    ])
      assert.ok(body.split('\n').includes(line), line)
  })

  it('is told on the stream: what is known at the start, then what is new about it', async () => {
    const [m2, m3] = evidence
    assert.ok(m2 !== undefined && m3 !== undefined)
    test.source.setEvidence([m2])
    const reader = await openStream(test.server, { headers: { 'last-event-id': '4' } })
    readers.push(reader)
    const next = async () => {
      const { data } = await reader.next('evidence')
      const { monitor, inclusion, file } = JSON.parse(data ?? '') as Json
      assert.equal(getOffender(file), monitor)
      return [monitor, inclusion === null ? 'known' : 'included']
    }
    assert.deepEqual(await next(), ['m2', 'known'])
    test.source.setEvidence([m2, { ...m3, inclusion: undefined }])
    assert.deepEqual(await next(), ['m3', 'known'])
    test.source.setEvidence([m2, m3])
    assert.deepEqual(await next(), ['m3', 'included'])
    test.source.reach(5)
    assert.equal((await reader.nextAny()).event, 'certificate')
  })
})
