import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Prng } from '../sim/world/prng.ts'
import type { Sending } from './lab.ts'
import { openRelay, type Relay, type Route } from './relay.ts'
import { getLink, type Link } from './sky.ts'

const HOST = '127.0.0.1'

describe('The relay between nodes', () => {
  const sending = new Map<number, Sending>()
  const blocked = new Set<Link>()
  let echo: Server
  let relay: Relay
  let route: Route
  let client: Socket

  beforeEach(async () => {
    sending.clear()
    blocked.clear()
    echo = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.pipe(socket)
    }).listen(0, HOST)
    await once(echo, 'listening')
    // A port that was free a moment ago.
    const free = createServer().listen(0, HOST)
    await once(free, 'listening')
    const port = getPort(free)
    free.close()
    await once(free, 'close')
    const target = { host: HOST, port: getPort(echo) }
    route = { from: 0, to: 1, listen: { host: HOST, port }, target }
    relay = await openRelay(
      [route],
      {
        getSending: (from) => sending.get(from),
        isBlocked: (from, to) => blocked.has(getLink(from, to)),
      },
      new Prng(1, 'relay'),
    )
    client = connect(route.listen).on('error', () => undefined)
    await once(client, 'connect')
  })
  afterEach(async () => {
    client.destroy()
    await relay.close()
    echo.close()
  })

  /** @returns milliseconds until what was sent has come back, byte for byte */
  async function goAround(bytes: Buffer): Promise<number> {
    const startMs = performance.now()
    const pieces: Buffer[] = []
    let length = 0
    client.write(bytes)
    while (length < bytes.length) {
      const [piece] = (await once(client, 'data')) as [Buffer]
      pieces.push(piece)
      length += piece.length
    }
    assert.deepEqual(Buffer.concat(pieces), bytes)
    return performance.now() - startMs
  }

  it('hands on every byte in order, however they wait', async () => {
    sending.set(0, { delayMs: 1, jitterMs: 5, lossPerMille: 0 })
    const bytes = Buffer.alloc(3_000_000, 'a path of the sun')
    await goAround(bytes)
    assert.ok(relay.counts.bytes >= 2 * bytes.length)
  })

  it('holds what a slow node sends', async () => {
    sending.set(1, { delayMs: 150, jitterMs: 0, lossPerMille: 0 })
    const tookMs = await goAround(Buffer.from('there and back'))
    assert.ok(tookMs >= 150, `${tookMs} ms`)
  })

  it('lets nothing pass one way while that way is blocked, and all of it afterwards', async () => {
    await goAround(Buffer.from('open'))
    blocked.add(getLink(1, 0))
    let isBack = false
    const back = goAround(Buffer.from('held')).then(() => {
      isBack = true
    })
    await goSlow()
    assert.equal(isBack, false)
    blocked.clear()
    relay.wake()
    await back
  })

  it('leads on no connection over a blocked link until it is open', async () => {
    blocked.add(getLink(0, 1))
    const second = connect(route.listen)
    await once(second, 'connect')
    second.write('hello')
    const answered = once(second, 'data')
    await goSlow()
    assert.equal(relay.counts.bytes, 0)
    blocked.clear()
    relay.wake()
    await answered
    second.destroy()
  })

  it('makes a stall of a loss', async () => {
    sending.set(0, { delayMs: 0, jitterMs: 0, lossPerMille: 500 })
    for (let left = 20; left > 0 && relay.counts.stalls === 0; left--) {
      await goAround(Buffer.from('x'))
    }
    assert.ok(relay.counts.stalls > 0)
  })

  it('resets the connections between two nodes', async () => {
    await goAround(Buffer.from('open'))
    const failing = once(client, 'error')
    relay.cut(1, 0)
    const [error] = (await failing) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNRESET')
  })

  it('hands on an end as an end, after what was sent before it', async () => {
    sending.set(0, { delayMs: 50, jitterMs: 0, lossPerMille: 0 })
    const pieces: Buffer[] = []
    client.on('data', (piece: Buffer) => pieces.push(piece))
    client.end('the last')
    await once(client, 'end')
    assert.equal(Buffer.concat(pieces).toString(), 'the last')
  })
})

/** Some round trips of the loop and of loopback: long enough for what is not held to have passed. */
async function goSlow(): Promise<void> {
  const server = createServer((socket) => socket.end()).listen(0, HOST)
  await once(server, 'listening')
  for (let left = 20; left > 0; left--) {
    const socket = connect(getPort(server), HOST).resume()
    await once(socket, 'close')
  }
  server.close()
}

function getPort(server: Server): number {
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}
