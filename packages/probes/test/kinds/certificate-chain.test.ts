import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { WebSocketServer } from 'ws'
import { probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeKind, Reached } from '../../src/kind.ts'
import { httpKind } from '../../src/kinds/http.ts'
import { tlsKind } from '../../src/kinds/tls.ts'
import { webSocketKind } from '../../src/kinds/web-socket.ts'
import { assertReached } from '../assert-reached.ts'
import { makeAuthority, type ServerIdentity } from '../authority.ts'

const DAY_S = 86_400

/** Days that are left by a signal in seconds, to the next whole one. */
function days(signals: Reached['signals'], name: string): number {
  return Math.ceil(Number(signals[name]) / DAY_S)
}

/** What a kind reads of a server that shows these certificates. */
async function ask(
  kind: ProbeKind,
  identity: ServerIdentity,
  ca: readonly string[],
  getParams: (port: number) => Readonly<Record<string, unknown>>,
): Promise<Reached['signals']> {
  const server =
    kind === tlsKind
      ? createServer(identity, (socket) => socket.on('error', () => {}).end())
      : createHttpServer(identity, (_request, response) => response.end('fine'))
  const sockets =
    kind === webSocketKind ? new WebSocketServer({ server: server as never }) : undefined
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    return assertReached(await probeOnce(kind, getParams(port), { ca })).signals
  } finally {
    sockets?.close()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
}

const askTls = (identity: ServerIdentity, ca: readonly string[]) =>
  ask(tlsKind, identity, ca, (port) => ({ host: '127.0.0.1', port }))

describe('when a chain of certificates ends', () => {
  for (const [kind, getParams] of [
    [tlsKind, (port: number) => ({ host: '127.0.0.1', port })],
    [httpKind, (port: number) => ({ url: `https://127.0.0.1:${port}/` })],
    [webSocketKind, (port: number) => ({ url: `wss://127.0.0.1:${port}/` })],
  ] as const) {
    it(`is told by ${kind.kind}, beside the server’s own end`, async () => {
      const root = await makeAuthority(300)
      const identity = await (await root.delegate(9)).issue(['127.0.0.1'], 60)
      const signals = await ask(kind as ProbeKind, identity, [root.pem], getParams)
      assert.equal(days(signals, 'expires-in'), 60)
      assert.equal(days(signals, 'chain-expires-in'), 9)
      assert.equal(days(signals, 'presented-expires-in'), 9)
      assert.equal(signals['chain-length'], 2n)
    })
  }

  it('counts the authority at its top, which no server needs to show', async () => {
    const root = await makeAuthority(4)
    const signals = await askTls(await root.issue(['127.0.0.1'], 60), [root.pem])
    assert.equal(days(signals, 'expires-in'), 60)
    assert.equal(days(signals, 'chain-expires-in'), 4)
    assert.equal(days(signals, 'presented-expires-in'), 60)
    assert.equal(signals['chain-length'], 1n)
  })

  it('is not that of a certificate which is shown and not needed', async () => {
    const root = await makeAuthority(300)
    const { cert, key } = await root.issue(['127.0.0.1'], 60)
    const stale = await makeAuthority(-1)
    const signals = await askTls({ cert: `${cert}\n${stale.pem}`, key }, [root.pem])
    assert.equal(days(signals, 'chain-expires-in'), 60)
    assert.ok(days(signals, 'presented-expires-in') < 0)
    assert.equal(signals['chain-length'], 2n)
  })

  it('is that by which the operator trusts it: of one below, where that is trusted itself', async () => {
    const root = await makeAuthority(2)
    const below = await root.delegate(50)
    const signals = await askTls(await below.issue(['127.0.0.1'], 60), [below.pem, root.pem])
    assert.equal(days(signals, 'chain-expires-in'), 2)
  })
})
