import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  certificateType,
  decode,
  getAttestationDigest,
  getPublicKey,
  getRoundStartMs,
  getValidUntilMs,
  groupStateType,
  makeGenesisContext,
  parseManifest,
  type Round,
  signedAttestationType,
  targetStateType,
  toHex,
  verifyCertificate,
  verifyCertificateFile,
  verifyGroupProof,
  verifyProof,
  verifySignature,
  fromHex,
} from '@watchfire/attestation'
import { startHttpServer } from '../../src/http/http-server.ts'
import { getSecret } from './chain-fixture.ts'
import { getChain, requestWithHost, startTestServer, type TestServer } from './server-fixture.ts'

type Json = Record<string, unknown>
const binary = { accept: 'application/octet-stream' }

describe('the HTTP server', () => {
  let test: TestServer

  beforeEach(async () => {
    test = await startTestServer(6)
  })
  afterEach(async () => test.server.close())

  const ask = async (path: string, init: RequestInit = {}) => fetch(test.server.url + path, init)
  const askJson = async (path: string) => (await ask(path)).json() as Promise<Json>

  const expectProblem = async (path: string, status: number, code: string): Promise<Json> => {
    const answer = await ask(path)
    const problem = (await answer.json()) as Json
    assert.equal(problem['code'], code, JSON.stringify(problem))
    assert.equal(answer.status, status)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(problem['status'], status)
    return problem
  }

  describe('certificates', () => {
    it('serves the file that verifies without the node, under height and round alike', async () => {
      const context = makeGenesisContext(getChain().manifest)
      for (const path of ['/v1/certificates/3', '/v1/certificates/round/5']) {
        const answer = await ask(path, { headers: binary })
        assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
        const bytes = new Uint8Array(await answer.arrayBuffer())
        const verified = verifyCertificateFile(bytes, context, verifySignature)
        assert.ok(verified.ok)
        assert.equal(verified.value.header.round, 5)
        assert.equal(answer.headers.get('watchfire-round'), '5')
        assert.equal(answer.headers.get('watchfire-observed'), '4/4')
      }
    })

    it('tags a stored file by its bytes and lets it be kept for ever', async () => {
      const answer = await ask('/v1/certificates/3', { headers: binary })
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
      assert.equal(answer.headers.get('vary'), 'accept')
      const tag = createHash('sha256').update(bytes).digest().subarray(0, 16).toString('base64url')
      assert.equal(answer.headers.get('etag'), `"${tag}"`)
      const again = await ask('/v1/certificates/3', {
        headers: { ...binary, 'if-none-match': `"${tag}"` },
      })
      assert.equal(again.status, 304)
      assert.equal(await again.text(), '')
      assert.equal(again.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    })

    it('lets the latest be kept only to ask whether it is still the latest', async () => {
      const answer = await ask('/v1/certificates/latest', { headers: binary })
      assert.equal(answer.headers.get('cache-control'), 'no-cache')
      assert.equal(answer.headers.get('watchfire-stale'), 'false')
      const etag = answer.headers.get('etag') ?? ''
      const headers = { ...binary, 'if-none-match': etag }
      assert.equal((await ask('/v1/certificates/latest', { headers })).status, 304)
    })

    it('tells for people what a certificate says: gap, signers, verdicts', async () => {
      const answer = await askJson('/v1/certificates/3')
      const certificate = answer['certificate'] as Json
      assert.deepEqual(certificate['gap'], { from: 3, to: 4, rounds: 2 })
      assert.deepEqual(certificate['signers'], ['m1', 'm2', 'm3', 'm4'])
      assert.deepEqual(answer['targets'], { chain: 'up', feed: 'up', web: 'up' })
    })

    it('serves either form as asked, and neither where neither is wanted', async () => {
      const type = async (accept: string) =>
        (await ask('/v1/certificates/3', { headers: { accept } })).headers.get('content-type')
      assert.match((await type('*/*')) ?? '', /json/)
      assert.match((await type('application/json;q=0.5, application/octet-stream')) ?? '', /octet/)
      const answer = await ask('/v1/certificates/3', { headers: { accept: 'text/html' } })
      assert.equal(answer.status, 406)
      assert.equal(((await answer.json()) as Json)['code'], 'not-acceptable')
    })

    it('tells a round to come, one that waits, a gap, and what is not kept apart', async () => {
      const due = await expectProblem('/v1/certificates/round/9', 404, 'round-not-due')
      assert.equal(due['dueAt'], '2025-11-21T00:00:18.000Z')
      test.clock.advance(1000)
      test.source.setStatus({ agreement: 'waiting', reason: '2 of 4 heard; 3 needed.' })
      const pending = await expectProblem('/v1/certificates/round/9', 404, 'round-pending')
      assert.equal(pending['reason'], '2 of 4 heard; 3 needed.')
      await expectProblem('/v1/certificates/round/4', 404, 'gap')
      await expectProblem('/v1/state?round=3', 404, 'gap')
      test.source.prune(3)
      await expectProblem('/v1/certificates/round/2', 404, 'not-kept')
      await expectProblem('/v1/certificates/1', 404, 'not-kept')
      await expectProblem('/v1/certificates/7', 404, 'height-pending')
    })
  })

  describe('states', () => {
    it('shows signals in full and for people, and why a verdict is as it is', async () => {
      const state = await askJson('/v1/state')
      assert.deepEqual(state['verdicts'], {
        none: 0,
        up: 2,
        degraded: 1,
        disputed: 0,
        down: 0,
        unknown: 0,
      })
      const feed = (state['targets'] as Json[])[1]
      assert.equal(feed?.['verdict'], 'degraded')
      assert.deepEqual(feed?.['reason'], {
        kind: 'threshold',
        code: 'age',
        words: 'age 90 s is above 60 s',
      })
      assert.deepEqual((feed?.['signals'] as Json[] | undefined)?.[0], {
        name: 'price',
        value: '199950000000',
        scale: 8,
        unit: 'USD',
        decimal: '1999.5',
        text: '1999.5 USD',
        weight: 4,
      })
    })

    it('shows what hysteresis holds back, without numbers that are not the verdict’s', async () => {
      const state = await askJson('/v1/state?round=7')
      const web = (state['targets'] as Json[])[2]
      assert.equal(web?.['verdict'], 'down')
      assert.deepEqual(web?.['pending'], { towards: 'up', rounds: 1, needed: 2 })
      assert.equal((web?.['reason'] as Json | undefined)?.['words'], 'it failed with timeout')
    })

    it('pages through one state even while newer ones come', async () => {
      await test.server.close()
      test = await startTestServer(5)
      const first = await askJson('/v1/state?limit=2')
      test.source.reach(6)
      const second = await askJson(`/v1/state?limit=2&cursor=${String(first['next'])}`)
      assert.equal(second['height'], 5)
      const ids = [first, second].flatMap((page) =>
        (page['targets'] as Json[]).map((target) => target['id']),
      )
      assert.deepEqual(ids, ['chain', 'feed', 'web'])
      assert.equal(second['next'], null)
    })

    it('refuses cursors it did not make and parameters it does not know', async () => {
      const forged = Buffer.from('[1,-5]').toString('base64url')
      await expectProblem(`/v1/state?cursor=${forged}`, 400, 'bad-cursor')
      await expectProblem('/v1/state?cursor=AAAA', 400, 'bad-cursor')
      await expectProblem('/v1/targets?cursor=e30', 400, 'bad-cursor')
      await expectProblem('/v1/state?limit=1001', 400, 'bad-request')
      await expectProblem('/v1/state?round=-1', 400, 'bad-request')
      const problem = await expectProblem('/v1/state?rounds=1', 400, 'bad-request')
      assert.match(String(problem['detail']), /additional properties/)
      await expectProblem('/v1/targets/nothing', 404, 'unknown-target')
    })

    it('becomes stale by the clock alone, and says what agreement waits for', async () => {
      const fresh = await askJson('/v1/state')
      assert.equal(fresh['stale'], false)
      assert.equal(fresh['validUntil'], '2025-11-21T00:00:21.800Z')
      test.source.setStatus({ agreement: 'stalled', reason: 'No certificate since round 8.' })
      test.clock.advance(60_000)
      for (const path of [
        '/v1/state',
        '/v1/targets',
        '/v1/targets/web',
        '/v1/monitors',
        '/v1/status',
      ]) {
        const answer = await askJson(path)
        assert.equal(answer['stale'], true, path)
        assert.deepEqual(
          (answer['agreement'] as Json)['words'],
          'No certificate since round 8.',
          path,
        )
      }
    })
  })

  it('proves one target without the rest of the state', async () => {
    const proof = await askJson('/v1/proofs/feed')
    const context = makeGenesisContext(getChain().manifest)
    const certificate = decode(certificateType, Buffer.from(String(proof['certificate']), 'base64'))
    const leaf = decode(targetStateType, Buffer.from(String(proof['leaf']), 'base64'))
    assert.ok(certificate.ok && leaf.ok)
    assert.ok(verifyCertificate(context, certificate.value, verifySignature).ok)
    const branch = (proof['branch'] as string[]).map((sibling) => fromHex(sibling))
    const root = certificate.value.header.stateRoot
    assert.ok(verifyProof(root, context.parameters, leaf.value, branch))
    assert.equal((proof['target'] as Json)['verdict'], 'degraded')
    await expectProblem('/v1/proofs/nothing', 404, 'unknown-target')
  })

  it('proves one group likewise, at a height of choice', async () => {
    const context = makeGenesisContext(getChain().manifest)
    for (const path of ['/v1/proofs/groups/evm', '/v1/proofs/groups/evm?height=1']) {
      const proof = await askJson(path)
      const read = (name: string) => Buffer.from(String(proof[name]), 'base64')
      const certificate = decode(certificateType, read('certificate'))
      const leaf = decode(groupStateType, read('leaf'))
      assert.ok(certificate.ok && leaf.ok)
      const branch = (proof['branch'] as string[]).map((sibling) => fromHex(sibling))
      const root = certificate.value.header.stateRoot
      assert.ok(verifyGroupProof(root, context.parameters, leaf.value, branch), path)
      assert.equal((proof['group'] as Json)['id'], 'evm')
    }
    await expectProblem('/v1/proofs/groups/nothing', 404, 'unknown-group')
    await expectProblem('/v1/proofs/groups/evm?height=999', 404, 'height-pending')
  })

  it('gives the manifest in a form that leads to the same network id', async () => {
    const answer = await askJson('/v1/network')
    const parsed = parseManifest(answer['manifest'])
    assert.ok(parsed.ok)
    assert.equal(toHex(makeGenesisContext(parsed.manifest).networkId), answer['id'])
  })

  describe('attestations', () => {
    it('come with the bytes that their signatures can be checked by', async () => {
      const answer = await askJson('/v1/attestations?monitor=m2&limit=1')
      const [reading] = answer['attestations'] as Json[]
      const decoded = decode(
        signedAttestationType,
        Buffer.from(String(reading?.['bytes']), 'base64'),
      )
      assert.ok(decoded.ok)
      const { networkId } = getChain().context
      const digest = getAttestationDigest(networkId, decoded.value.message)
      assert.ok(verifySignature(decoded.value.signature, digest, getPublicKey(getSecret('m2'))))
      assert.equal(toHex(digest), reading?.['digest'])
    })

    it('are paged downwards, none twice and none left out, while newer ones come', async () => {
      await test.server.close()
      test = await startTestServer(4)
      const seen: string[] = []
      let next: string | null = ''
      while (next !== null) {
        const page: Json = await askJson(
          `/v1/attestations?limit=3${next === '' ? '' : `&cursor=${next}`}`,
        )
        for (const reading of page['attestations'] as Json[])
          seen.push(`${String(reading['attestedRound'])} ${String(reading['monitor'])}`)
        next = page['next'] as string | null
        if (seen.length === 3) test.source.reach(6)
      }
      const expected = [6, 5, 2, 1].flatMap((round) =>
        ['m1', 'm2', 'm3', 'm4'].map((id) => `${round} ${id}`),
      )
      assert.deepEqual(seen, expected)
    })

    it('show one target alone when asked, and refuse names nobody has', async () => {
      const answer = await askJson('/v1/attestations?target=web&round=5&limit=1')
      const [reading] = answer['attestations'] as Json[]
      assert.deepEqual(reading?.['observations'], [
        {
          target: 'web',
          status: 'failed',
          code: 'timeout',
          reference: null,
          signals: [],
          identities: [],
        },
      ])
      await expectProblem('/v1/attestations?monitor=m9', 404, 'unknown-monitor')
      await expectProblem('/v1/attestations?target=x', 404, 'unknown-target')
    })
  })

  describe('health', () => {
    it('is alive whatever agreement does, and ready only when it agrees', async () => {
      assert.equal((await ask('/livez')).status, 200)
      assert.equal((await ask('/readyz')).status, 200)
      test.source.setStatus({
        agreement: 'waiting',
        reason: '2 of 4 heard; 3 needed.',
        isQuarantined: true,
        ready: false,
        notReady: ['syncing: 40 heights behind'],
      })
      assert.equal((await ask('/livez')).status, 200)
      const answer = await ask('/readyz')
      assert.equal(answer.status, 503)
      const { reasons } = (await answer.json()) as { reasons: unknown }
      assert.deepEqual(reasons, [
        { code: 'no-agreement', words: '2 of 4 heard; 3 needed.' },
        { code: 'muted', words: 'It signs nothing until it is safe (SPEC 6.9).' },
        { code: 'syncing', words: '40 heights behind' },
      ])
    })

    it('says so when it starts, and when it has halted', async () => {
      await test.server.close()
      test = await startTestServer(0)
      test.source.setStatus({ agreement: 'halted', reason: 'state-root-mismatch' })
      const { reasons } = (await askJson('/readyz')) as unknown as { reasons: { code: string }[] }
      assert.deepEqual(
        reasons.map(({ code }) => code),
        ['halted', 'starting'],
      )
      const problem = await expectProblem('/v1/state', 503, 'no-certificate-yet')
      assert.equal(problem['agreement'], 'halted')
      await expectProblem('/v1/certificates/latest', 503, 'no-certificate-yet')
      await expectProblem('/v1/proofs/web', 503, 'no-certificate-yet')
      const targets = (await askJson('/v1/targets'))['targets'] as Json[]
      assert.deepEqual(
        targets.map((target) => target['verdict']),
        ['none', 'none', 'none'],
      )
    })

    it('exports metrics of the feed and of agreement', async () => {
      await ask('/v1/state')
      test.source.setStatus({ agreement: 'stalled' })
      const body = await (await ask('/metrics')).text()
      for (const line of [
        'watchfire_height 6',
        'watchfire_round 8',
        'watchfire_agreement_state{state="stalled"} 1',
        'watchfire_agreement_state{state="ok"} 0',
        'watchfire_members_heard 4',
        'watchfire_weight_heard 4',
        'watchfire_quorum 3',
        `watchfire_certified_timestamp_seconds ${getRoundStartMs(test.source.context.parameters, 8 as Round) / 1000}`,
        `watchfire_valid_until_timestamp_seconds ${getValidUntilMs(test.source.context.parameters, 8 as Round) / 1000}`,
        'watchfire_http_answers_total{status="200"} 1',
      ])
        assert.ok(body.split('\n').includes(line), line)
    })
  })

  describe('who may read', () => {
    it('lets any page read the feed, but not what tells of this machine', async () => {
      for (const path of ['/v1/state', '/v1/certificates/latest', '/v1/network', '/v1/monitors'])
        assert.equal((await ask(path)).headers.get('access-control-allow-origin'), '*', path)
      for (const path of ['/v1/peers', '/v1/status', '/metrics', '/readyz', '/livez'])
        assert.equal((await ask(path)).headers.get('access-control-allow-origin'), null, path)
      const preflight = await ask('/v1/events', {
        method: 'OPTIONS',
        headers: { origin: 'https://example.org', 'access-control-request-method': 'GET' },
      })
      assert.equal(preflight.status, 204)
      assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /last-event-id/)
    })

    it('does not answer for a name that another site pointed at it', async () => {
      const refused = await requestWithHost(test.server, 'evil.example')
      assert.equal(refused.status, 421)
      assert.match(refused.body, /"code":"host-not-allowed"/)
      assert.equal(
        (await requestWithHost(test.server, `localhost:${test.server.port}`)).status,
        200,
      )
      await test.server.close()
      test = await startTestServer(6, { allowedHosts: ['feed.example'] })
      assert.equal((await requestWithHost(test.server, 'Feed.example:443')).status, 200)
    })

    it('changes nothing: other methods are refused', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await ask('/v1/state', { method })
        assert.equal(answer.status, 405, method)
        assert.equal(answer.headers.get('allow'), 'GET, HEAD, OPTIONS')
      }
      const answer = await ask('/v1/state', { method: 'POST', body: 'x'.repeat(100_000) })
      assert.equal(answer.status, 405)
      assert.equal((await ask('/v1/state', { method: 'HEAD' })).status, 200)
      await expectProblem('/v2', 404, 'not-found')
    })

    it('bounds what one address may ask, except whether it lives', async () => {
      await test.server.close()
      test = await startTestServer(6, { requestsPerMinute: 3 })
      const statuses = []
      for (let count = 0; count < 4; count++) statuses.push((await ask('/v1/state')).status)
      assert.deepEqual(statuses, [200, 200, 200, 429])
      const limited = await ask('/v1/state')
      assert.equal(((await limited.json()) as Json)['code'], 'too-many-requests')
      assert.ok(Number(limited.headers.get('retry-after')) > 0)
      assert.equal(limited.headers.get('ratelimit-remaining'), '0')
      assert.equal((await ask('/livez')).status, 200)
      assert.equal((await ask('/readyz')).status, 200)
    })
  })

  it('says of a round that begins after all time that it is not due', async () => {
    const problem = await expectProblem(
      `/v1/certificates/round/${Number.MAX_SAFE_INTEGER}`,
      404,
      'round-not-due',
    )
    assert.equal(problem['dueAt'], '9999-12-31T23:59:59.999Z')
  })

  it('shows a member whose clock is beyond all time', async () => {
    test.source.setBootMs(Number.MAX_SAFE_INTEGER)
    const answer = await fetch(`${test.server.url}/v1/monitors`)
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /"boot":"9999-12-31T23:59:59.999Z"/)
    test.source.setBootMs(undefined)
  })

  it('answers 304 to HEAD as to GET', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`${test.server.url}/v1/monitors`, {
        method,
        headers: { 'if-none-match': '*' },
      })
      assert.equal(answer.status, 304, method)
      assert.equal(await answer.text(), '')
    }
    assert.deepEqual(test.errors, [])
  })

  it('refuses a path that cannot be read as it refuses all else', async () => {
    await expectProblem('/v1/targets/%', 400, 'bad-request')
  })

  it('answers a failure of its own without saying more than the code', async () => {
    test.source.breakWith(new Error('/secret/path is broken'))
    const problem = await expectProblem('/v1/state', 500, 'internal')
    assert.doesNotMatch(JSON.stringify(problem), /secret/)
    assert.deepEqual(test.errors, ['an HTTP request failed'])
    test.source.breakWith(undefined)
  })

  it('says in one line that its port is taken', async () => {
    const { source, clock, metrics } = test
    const quiet = () => undefined
    const second = await startHttpServer({
      source,
      clock,
      metrics,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet },
      host: '127.0.0.1',
      port: test.server.port,
    })
    assert.deepEqual(second, {
      ok: false,
      code: 'port-in-use',
      detail: `127.0.0.1:${test.server.port} is in use`,
    })
  })
})
