import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { getEnding, type ProbeOptions, probeOnce } from '../../src/compliance/harness.ts'
import { describeKind } from '../../src/compliance/suite.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { webSocketKind } from '../../src/kinds/web-socket.ts'
import { parseParams } from '../../src/params.ts'
import { makeAuthority, type ServerIdentity } from '../authority.ts'

/** A real server on loopback. */
async function start(
  serve: (socket: WebSocket) => void,
  options: ServerOptions = {},
  identity?: ServerIdentity,
) {
  const http = identity === undefined ? createHttpServer() : createHttpsServer(identity)
  const server = new WebSocketServer({ server: http, ...options })
  server.on('connection', serve)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    url: `${identity === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}/`,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of server.clients) socket.terminate()
        http.close(() => resolve())
      }),
  }
}

async function probe(
  serve: (socket: WebSocket) => void,
  params: Readonly<Record<string, unknown>> = {},
  options: ProbeOptions & { server?: ServerOptions; identity?: ServerIdentity } = {},
): Promise<ProbeResult> {
  const server = await start(serve, options.server, options.identity)
  try {
    return await probeOnce(webSocketKind, { url: server.url, ...params }, options)
  } finally {
    await server.close()
  }
}

const echo = (socket: WebSocket) =>
  socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`))

describeKind(
  {
    kind: webSocketKind,
    transport: 'ws',
    getParams: (host, port) => ({ url: `ws://${host}:${port}/`, contains: 'hello' }),
    getSecureParams: (host, port) => ({ url: `wss://${host}:${port}/` }),
    async setup() {
      const server = await start(echo)
      const params = { url: server.url, send: 'hello', contains: 'hello' }
      return { params, teardown: () => server.close() }
    },
  },
  { describe, it },
)

describe('kind websocket', () => {
  it('is content with an open WebSocket that answers a ping', async () => {
    const result = await probe(() => {})
    assert.ok(result.status === 'reached', getEnding(result))
    assert.ok((result.signals['round-trip'] ?? 0n) > 0n)
    const sumUs = result.phases.reduce((sum, { us }) => sum + us, 0)
    const { latency = 0n, 'round-trip': roundTrip = 0n } = result.signals
    assert.equal(latency + roundTrip, BigInt(sumUs))
  })

  it('does not take a server for healthy that leaves pings unanswered', async () => {
    const result = await probe(() => {}, {}, { timeoutMs: 250, server: { autoPong: false } })
    assert.equal(getEnding(result), 'timeout')
  })

  it('holds the first message to patterns', async () => {
    for (const [matches, ending] of [
      [['^echo', 'x$'], 'reached'],
      [['^echo', 'y$'], 'content'],
    ] as const) {
      assert.equal(getEnding(await probe(echo, { send: 'x', matches })), ending)
    }
    const parsed = parseParams(webSocketKind, { url: 'ws://a.example/', matches: ['a{40}'] })
    assert.ok(!parsed.ok)
    assert.equal(parsed.problems[0]?.code, 'pattern-too-costly')
  })

  it('looks for a text in the first message, and in no other', async () => {
    const params = { send: 'x', contains: 'echo' }
    assert.equal(getEnding(await probe(echo, params)), 'reached')
    const late = (socket: WebSocket) => {
      socket.send('hello')
      socket.send('echo')
    }
    assert.equal(getEnding(await probe(late, { contains: 'echo' })), 'content')
    assert.equal(getEnding(await probe(late, { contains: 'hello' })), 'reached')
  })

  it('wants one of the subprotocols it offers', async () => {
    const handleProtocols = () => 'b'
    const params = { protocols: ['a', 'b'] }
    assert.equal(
      getEnding(await probe(() => {}, params, { server: { handleProtocols } })),
      'reached',
    )
    const none = { server: { handleProtocols: () => false as const } }
    assert.equal(getEnding(await probe(() => {}, params, none)), 'protocol')
  })

  it('reads when the certificate of a secured one ends', async () => {
    const authority = await makeAuthority()
    const identity = await authority.issue(['127.0.0.1'], 20)
    const result = await probe(() => {}, {}, { identity, ca: [authority.pem] })
    assert.ok(result.status === 'reached', getEnding(result))
    const days = Number(result.signals['expires-in']) / 86_400
    assert.ok(days > 19.9 && days <= 20, `${days} days`)
  })
})
