import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { OutcomeName } from '@watchfire/attestation'
import { Type } from 'typebox'
import { type WebSocket, WebSocketServer } from 'ws'
import { getEnding, type ProbeOptions, probeOnce } from '../../src/compliance/harness.ts'
import { startServer } from '../../src/compliance/server.ts'
import { defineKind, type ProbeAnswer, type ProbeResult } from '../../src/kind.ts'
import { makePolicy } from '../../src/parts/default-policy.ts'
import {
  openWebSocket,
  type WebSocketChannel,
  type WebSocketRequest,
} from '../../src/net/web-socket.ts'
import { makeAuthority, type ServerIdentity } from '../authority.ts'

const outcomes: readonly OutcomeName[] = [
  'timeout',
  'certificate',
  'reset',
  'protocol',
  'too-large',
  'redirect',
  'status',
  'auth',
]
const reached: ProbeAnswer = { status: 'reached', signals: {}, identities: {} }

/** A kind that opens a WebSocket and then does what a test wants done with it. */
function makeKind(
  request: Partial<WebSocketRequest>,
  use: (channel: WebSocketChannel) => Promise<ProbeAnswer>,
) {
  return defineKind({
    kind: 'channel',
    summary: 'Opens a WebSocket.',
    params: Type.Object({ url: Type.String() }),
    signals: () => [],
    identities: [],
    outcomes,
    defaultPolicy: () => makePolicy([]),
    async probe({ url }, context) {
      const opened = await openWebSocket(
        new URL(url),
        { messageBytesMax: 1024, bytesMax: 65_536, ...request },
        context,
      )
      return opened.ok ? use(opened.value) : opened.stop
    },
  })
}

async function receiveOne(channel: WebSocketChannel): Promise<ProbeAnswer> {
  const received = await channel.receive()
  return received.ok ? reached : received.stop
}

interface Asked {
  readonly request?: Partial<WebSocketRequest>
  readonly use?: (channel: WebSocketChannel) => Promise<ProbeAnswer>
  readonly options?: ProbeOptions
  readonly identity?: ServerIdentity
}

/** Probes a real WebSocket server of the test's own. */
async function probe(
  serve: (socket: WebSocket, request: IncomingMessage) => void,
  { request = {}, use = async () => reached, options = {}, identity }: Asked = {},
): Promise<ProbeResult> {
  const http = identity === undefined ? createHttpServer() : createHttpsServer(identity)
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket, asked) => {
    socket.on('error', () => socket.terminate())
    serve(socket, asked)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const scheme = identity === undefined ? 'ws' : 'wss'
  try {
    const url = `${scheme}://127.0.0.1:${port}/path?query=1`
    return await probeOnce(makeKind(request, use), { url }, options)
  } finally {
    for (const socket of server.clients) socket.terminate()
    await new Promise<void>((resolve) => http.close(() => resolve()))
  }
}

/** Probes what answers a handshake with bytes of a test's choice. */
async function probeRaw(
  serve: (socket: Socket, request: string) => void,
  asked: Asked = {},
): Promise<ProbeResult> {
  const server = await startServer((socket) =>
    socket.once('data', (request) => serve(socket, request.toString('latin1'))),
  )
  try {
    const kind = makeKind(asked.request ?? {}, asked.use ?? receiveOne)
    return await probeOnce(kind, { url: `ws://127.0.0.1:${server.port}/` }, asked.options)
  } finally {
    await server.close()
  }
}

const answer = (text: string) => (socket: Socket) => void socket.write(text)

describe('a WebSocket', () => {
  it('is opened as asked, with its phases timed, and carries messages both ways', async () => {
    let asked: IncomingMessage | undefined
    const result = await probe(
      (socket, request) => {
        asked = request
        socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`))
      },
      {
        request: { headers: { 'x-probe': 'yes' } },
        async use(channel) {
          channel.send('hello')
          const received = await channel.receive()
          assert.ok(received.ok)
          assert.equal(received.value.data.toString(), 'echo hello')
          assert.equal(received.value.isBinary, false)
          assert.ok((await channel.ping()).ok)
          return reached
        },
      },
    )
    assert.equal(getEnding(result), 'reached')
    assert.equal(asked?.url, '/path?query=1')
    assert.equal(asked?.headers['x-probe'], 'yes')
    assert.equal(asked?.headers['sec-websocket-extensions'], undefined)
    assert.deepEqual(
      result.phases.map(({ name }) => name),
      ['connect', 'request', 'first-byte'],
    )
  })

  it('is secured on wss, for the name in the URL, on the connection that was checked', async () => {
    const authority = await makeAuthority()
    const identity = await authority.issue(['127.0.0.1'])
    const use = async (channel: WebSocketChannel) => {
      assert.ok(channel.secured?.authorized)
      return receiveOne(channel)
    }
    const serve = (socket: WebSocket) => socket.send('hello')
    const trusted = { identity, use, options: { ca: [authority.pem] } }
    assert.equal(getEnding(await probe(serve, trusted)), 'reached')
    assert.equal(getEnding(await probe(serve, { identity, use })), 'certificate')
    const bounded = { ...trusted, request: { bytesMax: 8 } }
    assert.equal(getEnding(await probe(serve, bounded)), 'too-large')
    const another = { ...trusted, identity: await authority.issue(['another.example']) }
    assert.equal(getEnding(await probe(serve, another)), 'certificate')
  })

  it('takes one of the subprotocols it offered, and no other answer', async () => {
    const use = async (channel: WebSocketChannel) => {
      assert.equal(channel.protocol, 'a')
      return reached
    }
    const request = { protocols: ['a', 'b'] }
    assert.equal(getEnding(await probe(() => {}, { request, use })), 'reached')
    const refusing = await probeRaw(answer('HTTP/1.1 400 Bad Request\r\n\r\n'), { request })
    assert.equal(getEnding(refusing), 'status')
  })

  it('says what a server means that answers the handshake otherwise', async () => {
    for (const [text, ending] of [
      ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 'status'],
      ['HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n', 'auth'],
      ['HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2/\r\n\r\n', 'redirect'],
      [
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n',
        'protocol',
      ],
      [
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
        'protocol',
      ],
      ['SSH-2.0-OpenSSH_9.2\r\n', 'protocol'],
      [`HTTP/1.1 101 Switching Protocols\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 'too-large'],
    ] as const) {
      assert.equal(getEnding(await probeRaw(answer(text))), ending, text.slice(0, 60))
    }
    assert.equal(getEnding(await probeRaw((socket) => void socket.end())), 'reset')
  })

  it('waits no longer than its deadline for a handshake, and counts what drips meanwhile', async () => {
    const silent = await probeRaw(() => {}, { options: { timeoutMs: 250 } })
    assert.equal(getEnding(silent), 'timeout')
    const endless = await probeRaw((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write('HTTP/1.1 100 Continue\r\n\r\n'));
      }
      socket.on('drain', more)
      more()
    })
    assert.equal(getEnding(endless), 'too-large')
  })

  it('says too-large of a message beyond its bound, whole or in pieces', async () => {
    const whole = (socket: WebSocket) => socket.send('x'.repeat(1025))
    assert.equal(getEnding(await probe(whole, { use: receiveOne })), 'too-large')
    const pieces = (socket: WebSocket) => {
      for (let piece = 0; piece < 11; piece++) socket.send('x'.repeat(100), { fin: false })
    }
    assert.equal(getEnding(await probe(pieces, { use: receiveOne })), 'too-large')
    const tiny = (socket: WebSocket) => {
      for (let piece = 0; piece < 1100; piece++) socket.send('', { fin: false })
    }
    assert.equal(getEnding(await probe(tiny, { use: receiveOne })), 'too-large')
  })

  it('says too-large of more than its bytes in all, messages and pings alike', async () => {
    const use = async (channel: WebSocketChannel) => {
      for (;;) {
        const received = await channel.receive()
        if (!received.ok) return received.stop
      }
    }
    const flood = (send: (socket: WebSocket) => void) => (socket: WebSocket) => {
      for (let count = 0; count < 1000; count++) send(socket)
    }
    const messages = await probe(
      flood((socket) => socket.send('x'.repeat(1000))),
      { use },
    )
    assert.equal(getEnding(messages), 'too-large')
    // The library gives up where pongs wait in line before the bound is reached.
    const pings = await probe(
      flood((socket) => socket.ping('x'.repeat(100))),
      { use },
    )
    assert.ok(['too-large', 'reset'].includes(getEnding(pings)), getEnding(pings))
  })

  it('leaves with the server what it has not asked for', async () => {
    let unread = 0
    const result = await probe(
      (socket) => {
        socket.on('message', () => {
          for (let count = 0; count < 40_000; count++) socket.send('x'.repeat(1000))
          unread = socket.bufferedAmount
        })
      },
      {
        request: { bytesMax: 100_000_000 },
        options: { bytesPerRoundMax: 8_388_608 },
        async use(channel) {
          channel.send('more')
          for (let count = 0; count < 3; count++) assert.ok((await channel.receive()).ok)
          return reached
        },
      },
    )
    assert.equal(getEnding(result), 'reached')
    assert.ok(unread > 1_000_000, `${unread} bytes`)
  })

  it('refuses a compressed message, having offered no compression', async () => {
    const frame = Buffer.from([0xc1, 0x01, 0x00])
    const result = await probeRaw((socket, request) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
          `sec-websocket-accept: ${accept.digest('base64')}\r\n\r\n`,
      )
      socket.write(frame)
    })
    assert.equal(getEnding(result), 'protocol')
    assert.ok('detail' in result && result.detail.includes('RSV1'), JSON.stringify(result))
  })

  it('says protocol of a text that is not UTF-8', async () => {
    const serve = (socket: WebSocket) => socket.send(Buffer.from([0xff]), { binary: false })
    assert.equal(getEnding(await probe(serve, { use: receiveOne })), 'protocol')
  })

  it('says reset of a server that closes, politely or not, before it has answered', async () => {
    const closing = await probe((socket) => socket.close(1013, 'later'), { use: receiveOne })
    assert.equal(getEnding(closing), 'reset')
    assert.ok('detail' in closing && closing.detail.includes('1013 later'))
    const dying = await probe((socket) => socket.terminate(), { use: receiveOne })
    assert.equal(getEnding(dying), 'reset')
  })

  it('does nothing more once it has ended', async () => {
    const result = await probe((socket) => socket.terminate(), {
      async use(channel) {
        await channel.receive()
        channel.send('nobody')
        assert.equal((await channel.ping()).ok, false)
        channel.close()
        return receiveOne(channel)
      },
    })
    assert.equal(getEnding(result), 'reset')
  })

  it('counts the round’s bytes, and abstains when they are used up', async () => {
    const serve = (socket: WebSocket) => socket.send('x'.repeat(1000))
    const options = { bytesPerRoundMax: 500 }
    assert.equal(getEnding(await probe(serve, { use: receiveOne, options })), 'overloaded')
  })

  it('leaves no connection open when the probe has ended', async () => {
    const server = await startServer((socket) => socket.resume())
    try {
      const kind = makeKind({}, receiveOne)
      const url = `ws://127.0.0.1:${server.port}/`
      assert.equal(getEnding(await probeOnce(kind, { url }, { timeoutMs: 250 })), 'timeout')
      await server.drained()
    } finally {
      await server.close()
    }
  })
})
