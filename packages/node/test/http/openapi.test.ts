import assert from 'node:assert/strict'
import { toHex } from '@watchfire/attestation'
import Schema from 'typebox/schema'
import { eventStreamDefaults } from '../../src/http/event-stream.ts'
import { type HttpApp, makeHttpApp } from '../../src/http/http-app.ts'
import { makeMetrics } from '../../src/metrics/metrics.ts'
import { getEvidence, getPeers } from './answers-fixture.ts'
import { type FakeSource, makeFakeSource, makeManualClock } from './feed-source-fixture.ts'
import { getChain } from './server-fixture.ts'

interface OpenApiAnswer {
  readonly content?: Record<string, { readonly schema: Record<string, unknown> }>
}
interface OpenApi {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<string, { readonly summary?: string; readonly responses: Record<string, OpenApiAnswer> }>
  >
}

const m2Digest = toHex(getEvidence(getChain())[0]?.digest ?? new Uint8Array())

/** Requests whose answers show every schema; each path of the document has at least one. */
const requests: readonly {
  readonly path: string
  readonly url: string
  readonly status?: number
}[] = [
  { path: '/v1/network', url: '/v1/network' },
  { path: '/v1/state', url: '/v1/state' },
  { path: '/v1/state', url: '/v1/state?round=6&limit=1' },
  { path: '/v1/state', url: '/v1/state?round=4', status: 404 },
  { path: '/v1/state', url: '/v1/state?rnd=4', status: 400 },
  { path: '/v1/targets', url: '/v1/targets' },
  { path: '/v1/targets/{id}', url: '/v1/targets/feed' },
  { path: '/v1/targets/{id}', url: '/v1/targets/none', status: 404 },
  { path: '/v1/certificates/latest', url: '/v1/certificates/latest' },
  { path: '/v1/certificates/{height}', url: '/v1/certificates/3' },
  { path: '/v1/certificates/{height}', url: '/v1/certificates/900', status: 404 },
  { path: '/v1/certificates/round/{round}', url: '/v1/certificates/round/5' },
  { path: '/v1/proofs/{target}', url: '/v1/proofs/web' },
  { path: '/v1/proofs/groups/{group}', url: '/v1/proofs/groups/evm' },
  { path: '/v1/proofs/{target}', url: '/v1/proofs/chain?height=2' },
  { path: '/v1/monitors', url: '/v1/monitors' },
  { path: '/v1/peers', url: '/v1/peers' },
  { path: '/v1/attestations', url: '/v1/attestations?limit=3' },
  { path: '/v1/attestations', url: '/v1/attestations?target=web&monitor=m2&round=5' },
  { path: '/v1/evidence', url: '/v1/evidence' },
  { path: '/v1/evidence/{digest}', url: `/v1/evidence/${m2Digest}` },
  { path: '/v1/evidence/{digest}', url: `/v1/evidence/${'0'.repeat(64)}`, status: 404 },
  { path: '/v1/groups', url: '/v1/groups' },
  { path: '/v1/groups/{id}', url: '/v1/groups/evm' },
  { path: '/v1/groups/{id}', url: '/v1/groups/none', status: 404 },
  { path: '/v1/providers', url: '/v1/providers' },
  { path: '/v1/status', url: '/v1/status' },
  { path: '/v1/openapi.json', url: '/v1/openapi.json' },
  { path: '/livez', url: '/livez' },
  { path: '/readyz', url: '/readyz' },
  { path: '/metrics', url: '/metrics' },
]

describe('the OpenAPI document', () => {
  let http: HttpApp
  let source: FakeSource
  let document: OpenApi

  const request = async (url: string) =>
    http.app.inject({ method: 'GET', url, headers: { host: '127.0.0.1', accept: '*/*' } })

  before(async () => {
    const chain = getChain()
    const { originMs } = chain.context.parameters
    const clock = makeManualClock(originMs + 8 * 2000 + 1500)
    source = makeFakeSource(chain, clock)
    source.reach(6)
    source.setPeers(getPeers())
    source.setEvidence(getEvidence(chain))
    const quiet = () => undefined
    http = await makeHttpApp({
      source,
      metrics: makeMetrics({ processMetrics: false }),
      clock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet },
      host: '127.0.0.1',
      requestsPerMinute: 10_000,
      events: eventStreamDefaults,
    })
    document = (await request('/v1/openapi.json')).json()
  })

  after(async () => http.close())

  it('is OpenAPI 3.1 and holds every route that reads, and no other', () => {
    assert.equal(document.openapi, '3.1.0')
    const routes = http.routes
      .filter(({ method }) => method === 'GET')
      .map(({ url }) => url.replaceAll(/:(\w+)/g, '{$1}'))
    assert.deepEqual(Object.keys(document.paths).toSorted(), [...new Set(routes)].toSorted())
    for (const [path, methods] of Object.entries(document.paths)) {
      assert.deepEqual(Object.keys(methods), ['get'], path)
      assert.ok(methods['get']?.summary, `${path} says what it is`)
    }
  })

  it('has only routes that read', () => {
    const methods = new Set(http.routes.map(({ method }) => method))
    assert.deepEqual([...methods].toSorted(), ['GET', 'HEAD', 'OPTIONS'])
  })

  it('is exercised whole by the requests below, but for the endless stream', () => {
    const asked = new Set([...requests.map(({ path }) => path), '/v1/events'])
    assert.deepEqual([...asked].toSorted(), Object.keys(document.paths).toSorted())
  })

  for (const { path, url, status = 200 } of requests)
    it(`describes what ${url} answers with ${status}`, async () => {
      const answer = await request(url)
      assert.equal(answer.statusCode, status, answer.body)
      const responses = document.paths[path]?.['get']?.responses
      const content = (responses?.[String(status)] ?? responses?.['default'])?.content
      assert.ok(content !== undefined, `${path} describes ${status}`)
      const type = String(answer.headers['content-type']).split(';')[0] ?? ''
      const entry = content[type]
      assert.ok(entry !== undefined, `${type} is not among ${Object.keys(content).join(', ')}`)
      const value: unknown = type.endsWith('json') ? answer.json() : answer.body
      const [valid, errors] = Schema.Errors(entry.schema, value)
      assert.ok(valid, JSON.stringify(errors))
    })

  it('tells wrong answers from right ones, or the checks above would mean nothing', async () => {
    const schema =
      document.paths['/v1/status']?.['get']?.responses['200']?.content?.['application/json']?.schema
    assert.ok(schema !== undefined)
    const answer = (await request('/v1/status')).json() as Record<string, unknown>
    assert.ok(Schema.Check(schema, answer))
    assert.ok(!Schema.Check(schema, { ...answer, stale: 'no' }))
    const { agreement: _, ...rest } = answer
    assert.ok(!Schema.Check(schema, rest))
  })

  it('gives every answer the fields that tell how old it is', async () => {
    const withoutState = new Set(['/livez', '/metrics', '/v1/openapi.json'])
    for (const { path, url, status } of requests) {
      if (status !== undefined || withoutState.has(path)) continue
      const answer = (await request(url)).json() as Record<string, unknown>
      for (const field of ['round', 'since', 'validUntil', 'observed', 'stale', 'agreement'])
        assert.ok(field in answer, `${url} lacks ${field}`)
    }
  })
})
