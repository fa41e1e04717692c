import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Round, UnixMs } from '@watchfire/attestation'
import { WebSocketServer } from 'ws'
import { makeTarget } from '../../src/compliance/harness.ts'
import type { ProbeKind, ProbeResult } from '../../src/kind.ts'
import { evmRpcKind } from '../../src/kinds/evm-rpc.ts'
import { httpKind } from '../../src/kinds/http.ts'
import { tcpKind } from '../../src/kinds/tcp.ts'
import { webSocketKind } from '../../src/kinds/web-socket.ts'
import type { SecretBinding } from '../../src/net/credentials.ts'
import { makeRegistry } from '../../src/registry.ts'
import { makeScheduler } from '../../src/schedule/scheduler.ts'

const CANARY = 'canary-5f0c2e'

async function probe(
  kind: ProbeKind,
  params: Readonly<Record<string, unknown>>,
  bindings: readonly SecretBinding[] = [],
): Promise<ProbeResult> {
  const scheduler = makeScheduler({
    targets: [makeTarget(kind, params, 6000)],
    attestByMs: 6250,
    registry: makeRegistry([kind]),
    allow: ['127.0.0.1/32'],
    secrets: new Map([['target', bindings]]),
    concurrency: 1,
    random: () => 0,
  })
  const signal = new AbortController().signal
  const [probed] = await scheduler.run(1 as Round, Date.now() as UnixMs, signal)
  scheduler.close()
  assert.ok(probed !== undefined)
  return probed.result
}

describe('a target that answers only to who is known there', () => {
  let server: Server
  let seen: IncomingMessage[]
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let origin: string

  beforeEach(async () => {
    seen = []
    answer = (_request, response) => response.end('ok')
    server = createServer((request, response) => {
      seen.push(request)
      answer(request, response)
    })
    origin = await listen(server)
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  async function listen(other: Server): Promise<string> {
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  }
  const bearer = (at = origin) => [{ origin: at, headers: { authorization: `Bearer ${CANARY}` } }]

  it('is not asked where no secret is bound: no-secret, and no word on the target', async () => {
    const result = await probe(httpKind, { url: `${origin}/`, secret: 'required' })
    assert.equal(result.status, 'abstained')
    assert.equal('reason' in result && result.reason, 'no-secret')
    assert.equal(seen.length, 0)
  })

  it('is asked with what is bound, by its own origin', async () => {
    const result = await probe(httpKind, { url: `${origin}/`, secret: 'required' }, bearer())
    assert.equal(result.status, 'reached')
    assert.equal(seen[0]?.headers.authorization, `Bearer ${CANARY}`)
  })

  it('is not asked where what is bound is for another origin than its manifest names', async () => {
    const result = await probe(httpKind, { url: `${origin}/` }, bearer('http://127.0.0.1:9'))
    assert.equal('reason' in result && result.reason, 'no-secret')
    assert.equal(seen.length, 0)
  })

  it('is not asked by a kind that takes no secrets, for which one is bound', async () => {
    const { port } = new URL(origin)
    const result = await probe(tcpKind, { host: '127.0.0.1', port: Number(port) }, bearer())
    assert.equal('reason' in result && result.reason, 'no-secret')
  })

  it('keeps what is bound from where a redirect leads', async () => {
    const elsewhere: IncomingMessage[] = []
    const other = createServer((request, response) => {
      elsewhere.push(request)
      response.end()
    })
    const there = await listen(other)
    try {
      answer = (_request, response) => response.writeHead(302, { location: `${there}/` }).end()
      const [binding] = bearer()
      assert.ok(binding !== undefined)
      const bindings = [{ ...binding, url: `${origin}/${CANARY}` }]
      assert.equal((await probe(httpKind, { url: `${origin}/` }, bindings)).status, 'reached')
      assert.equal(seen[0]?.url, `/${CANARY}`)
      assert.equal(elsewhere.length, 1)
      const [request] = elsewhere
      assert.ok(!JSON.stringify([request?.url, request?.rawHeaders]).includes(CANARY))
    } finally {
      await new Promise((resolve) => other.close(resolve))
    }
  })

  it('that refuses what is bound says so of this operator: no-secret, not auth', async () => {
    answer = ({ headers }, response) => response.writeHead(401).end(headers.authorization)
    const refused = await probe(httpKind, { url: `${origin}/` }, bearer())
    assert.equal('reason' in refused && refused.reason, 'no-secret')
    const unbound = await probe(httpKind, { url: `${origin}/` })
    assert.equal('outcome' in unbound && unbound.outcome, 'auth')
  })

  it('that repeats what is bound puts it in no detail', async () => {
    answer = ({ headers }, response) =>
      response.writeHead(302, { location: `gopher://${headers.authorization ?? ''}:x` }).end()
    const redirected = await probe(httpKind, { url: `${origin}/` }, bearer())
    assert.equal(redirected.status, 'failed')
    answer = ({ headers }, response) => {
      const message = `${'x'.repeat(250)} ${headers.authorization ?? ''}`
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: 1, message } }))
    }
    const params = { url: `${origin}/`, chainId: 1, batch: false }
    const told = await probe(evmRpcKind, params, bearer())
    assert.equal(told.status, 'failed')
    for (const result of [redirected, told]) {
      const text = JSON.stringify(result)
      assert.match(text, /\[secret\]/)
      assert.ok(!text.includes(CANARY.slice(0, 6)), text)
    }
  })

  it('is asked so over a WebSocket', async () => {
    const sockets = new WebSocketServer({ server })
    const url = `${origin.replace('http', 'ws')}/`
    const [binding] = bearer(new URL(url).origin)
    assert.ok(binding !== undefined)
    const handshake = new Promise<IncomingMessage>((resolve) => {
      sockets.once('connection', (_socket, request) => resolve(request))
    })
    const bindings = [{ ...binding, url: `${url}v2/${CANARY}` }]
    assert.equal((await probe(webSocketKind, { url }, bindings)).status, 'reached')
    const request = await handshake
    assert.equal(request.url, `/v2/${CANARY}`)
    assert.equal(request.headers.authorization, `Bearer ${CANARY}`)
    sockets.close()
  })
})
