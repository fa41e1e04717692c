import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeOptions } from '../../src/compliance/harness.ts'
import type { ProbeContext, ProbeResult, Step } from '../../src/kind.ts'
import type { HttpReply } from '../../src/net/http-exchange.ts'
import { makeHttpSession } from '../../src/net/http-session.ts'
import { failed } from '../../src/steps.ts'
import { makeFakeKind, reachedNothing } from '../fake-kind.ts'

/** What a server does with a request: which of the connection, which of all. */
type Serve = (socket: Socket, ofConnection: number, ofAll: number) => void

function answer(socket: Socket, head = ''): void {
  socket.write(`HTTP/1.1 200 OK\r\n${head}content-length: 2\r\n\r\nok`)
}

describe('requests of one probe to one server', () => {
  let server: Server
  let connections: number
  let requests: number
  let serve: Serve
  const open = new Set<Socket>()

  beforeEach(async () => {
    connections = 0
    requests = 0
    server = createServer((socket) => {
      connections++
      open.add(socket)
      let ofConnection = 0
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
      socket.on('data', () => serve(socket, ++ofConnection, ++requests))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })

  /** Asks so many times in one probe, and waits in between for what the test says. */
  async function ask(
    times: number,
    { between, ...options }: ProbeOptions & { between?: () => Promise<void>; host?: string } = {},
  ): Promise<ProbeResult> {
    const { port } = server.address() as AddressInfo
    const kind = makeFakeKind(async (_name, context: ProbeContext) => {
      const url = new URL(`http://${options.host ?? '127.0.0.1'}:${port}/`)
      const session = makeHttpSession(url, context)
      let last: Step<HttpReply> | undefined
      for (let time = 0; time < times; time++) {
        if (time > 0) await between?.()
        last = await session.request({ method: 'GET', path: '/', headers: {}, bodyBytesMax: 10 })
        if (!last.ok) return last.stop
        if (last.value.body.toString() !== 'ok') return failed('refused', 'another body')
      }
      session.close()
      return reachedNothing
    })
    return probeOnce({ ...kind, outcomes: [...kind.outcomes, 'reset'] }, { name: 'a' }, options)
  }

  it('share a connection, which ends with the probe', async () => {
    serve = (socket) => answer(socket)
    assert.equal(getEnding(await ask(5)), 'reached')
    assert.equal(requests, 5)
    assert.equal(connections, 1)
    while (open.size > 0) await new Promise((resolve) => setImmediate(resolve))
  })

  it('go over another connection where the server announces that it closes', async () => {
    serve = (socket) => {
      answer(socket, 'connection: close\r\n')
      socket.end()
    }
    assert.equal(getEnding(await ask(3)), 'reached')
    assert.equal(connections, 3)
  })

  it('are not held against a server that closed the idle connection', async () => {
    serve = (socket) => answer(socket)
    const between = async () => {
      const closed = [...open].map((socket) => once(socket, 'close'))
      for (const socket of open) socket.end()
      await Promise.all(closed)
    }
    assert.equal(getEnding(await ask(3, { between })), 'reached')
    assert.equal(connections, 3)
    assert.equal(requests, 3)
  })

  for (const [how, close] of [
    ['ended', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    it(`are not held against a server that ${how} a kept connection as they were on their way`, async () => {
      serve = (socket, ofConnection) => (ofConnection === 1 ? answer(socket) : close(socket))
      assert.equal(getEnding(await ask(3)), 'reached')
      assert.equal(connections, 3)
      // The second and the third were each sent twice.
      assert.equal(requests, 5)
    })
  }

  it('fail where a fresh connection is closed as well, and are sent no third time', async () => {
    serve = (socket, _ofConnection, ofAll) => (ofAll === 1 ? answer(socket) : socket.end())
    assert.equal(getEnding(await ask(2)), 'reset')
    assert.equal(connections, 2)
    assert.equal(requests, 3)
  })

  it('fail at once where the first connection is closed', async () => {
    serve = (socket) => void socket.end()
    assert.equal(getEnding(await ask(2)), 'reset')
    assert.equal(requests, 1)
  })

  it('fail where a kept connection is closed in the middle of an answer', async () => {
    serve = (socket, ofConnection) => {
      if (ofConnection === 1) answer(socket)
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no')
    }
    assert.notEqual(getEnding(await ask(2)), 'reached')
    assert.equal(connections, 1)
  })

  it('go nowhere but to an address that may be asked, on each connection anew', async () => {
    serve = (socket, ofConnection) => (ofConnection === 1 ? answer(socket) : socket.end())
    let looks = 0
    const resolve = async () => {
      looks++
      // Rebound while the first connection was kept.
      return { ok: true as const, addresses: [looks === 1 ? '127.0.0.1' : '127.0.0.2'] }
    }
    assert.equal(getEnding(await ask(2, { host: 'kept.example', resolve })), 'forbidden-address')
    assert.equal(looks, 2)
    assert.equal(connections, 1)
  })
})
