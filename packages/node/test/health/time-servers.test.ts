import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { fail, succeed, type UnixMs } from '@watchfire/attestation'
import { makeRequest, packetBytes, readReply } from '../../src/health/sntp.ts'
import { askSntp, type AskTime, startTimeServers } from '../../src/health/time-servers.ts'
import { systemClock } from '../../src/system-clock.ts'
import { makeTestLog, TestClock } from '../fixtures.ts'

const cookie = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
/** 1970 on the wire. */
const EPOCH_S = 2_208_988_800

interface Reply {
  readonly first?: number
  readonly stratum?: number
  readonly originate?: Uint8Array
  readonly receivedMs: number
  readonly transmittedMs?: number
}

/** A server's answer, written byte by byte as RFC 4330 has it. */
function makeReply({ first = 0x24, stratum = 2, originate = cookie, ...times }: Reply): Buffer {
  const reply = Buffer.alloc(packetBytes)
  reply[0] = first
  reply[1] = stratum
  reply.set(originate, 24)
  for (const [at, ms] of [
    [32, times.receivedMs],
    [40, times.transmittedMs ?? times.receivedMs],
  ] as const) {
    reply.writeUInt32BE((Math.floor(ms / 1000) + EPOCH_S) % 2 ** 32, at)
    reply.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), at + 4)
  }
  return reply
}

describe('the time by SNTP', () => {
  const sentMs = 1_800_000_000_000 as UnixMs
  const read = (reply: Reply, tookMs = 40) => readReply(makeReply(reply), cookie, sentMs, tookMs)

  it('is that of the middle of the way, and no surer than half the way there and back', () => {
    // Asked at 0, answered at 40, held by the server for 10: it had our 20 at its own 1020.
    const answer = read({ receivedMs: sentMs + 1015, transmittedMs: sentMs + 1025 })
    assert.ok(answer.ok)
    assert.ok(Math.abs(answer.value.offsetMs + 1000) < 0.01, String(answer.value.offsetMs))
    assert.ok(Math.abs(answer.value.errorMs - 15) < 0.01, String(answer.value.errorMs))
    const ahead = read({ receivedMs: sentMs - 2480 }, 40)
    assert.ok(ahead.ok)
    assert.ok(Math.abs(ahead.value.offsetMs - 2500) < 0.01)
  })

  it('goes on when its 32 bits of seconds begin anew in 2036', () => {
    const lateMs = Date.UTC(2036, 1, 7, 6, 28, 20) as UnixMs
    const reply = makeReply({ receivedMs: lateMs + 5000 })
    assert.ok(reply.readUInt32BE(32) < 100, 'after the turn')
    const answer = readReply(reply, cookie, lateMs, 0)
    assert.ok(answer.ok)
    assert.ok(Math.abs(answer.value.offsetMs + 5000) < 0.01)
  })

  it('is not taken from what is no answer to the question, or of a server that does not know it', () => {
    const receivedMs = sentMs + 20
    for (const [reply, code] of [
      [{ receivedMs, first: 0x23 }, 'malformed'],
      [{ receivedMs, originate: new Uint8Array(8) }, 'not-ours'],
      [{ receivedMs, stratum: 0 }, 'refused'],
      [{ receivedMs, stratum: 16 }, 'unsynchronized'],
      [{ receivedMs, first: 0xe4 }, 'unsynchronized'],
      [{ receivedMs, transmittedMs: receivedMs - 1 }, 'malformed'],
      [{ receivedMs, transmittedMs: receivedMs + 100 }, 'malformed'],
    ] as const) {
      const answer = read(reply)
      assert.ok(!answer.ok)
      assert.equal(answer.code, code, JSON.stringify(reply))
    }
    assert.equal(readReply(new Uint8Array(47), cookie, sentMs, 1).ok, false)
  })
})

describe('a time server on loopback', () => {
  let server: Socket
  let port: number
  let answer: (request: Buffer) => readonly Buffer[]

  beforeEach(async () => {
    server = createSocket('udp4')
    server.on('message', (request, from) => {
      for (const reply of answer(request)) server.send(reply, from.port, from.address)
    })
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    port = server.address().port
  })
  afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())))

  const ask = () => askSntp('127.0.0.1', port, systemClock, new AbortController().signal)

  it('is asked with nothing of this machine in the question, and tells its offset', async () => {
    const requests: Buffer[] = []
    answer = (request) => {
      requests.push(request)
      const receivedMs = Date.now() - 90_000
      const forged = makeReply({ receivedMs: 0, originate: Buffer.alloc(8) })
      return [forged, makeReply({ receivedMs, originate: request.subarray(40) })]
    }
    const told = await ask()
    assert.ok(told.ok, JSON.stringify(told))
    // A reading of the clock on either side, and whole milliseconds.
    assert.ok(Math.abs(told.value.offsetMs - 90_000) <= told.value.errorMs + 2)
    await ask()
    const [first, second] = requests
    assert.equal(first?.length, packetBytes)
    assert.deepEqual(first?.subarray(0, 40), Buffer.from(makeRequest(cookie)).subarray(0, 40))
    assert.notDeepEqual(first?.subarray(40), second?.subarray(40))
  })

  it('that nobody is behind, or that says nothing until the node stops, is a fault with a name', async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()))
    const told = await ask()
    assert.ok(!told.ok)
    assert.equal(told.code, 'unreachable')
    server = createSocket('udp4')
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    const stop = new AbortController()
    const asking = askSntp('127.0.0.1', server.address().port, systemClock, stop.signal)
    stop.abort()
    const stopped = await asking
    assert.ok(!stopped.ok)
    assert.equal(stopped.code, 'timeout')
    const nowhere = await askSntp('nobody.invalid', 123, systemClock, new AbortController().signal)
    assert.ok(!nowhere.ok)
    assert.equal(nowhere.code, 'unreachable')
  })
})

describe('time servers', () => {
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  it('tell their middle, are asked again and again, and forgotten when they fall silent', async () => {
    const clock = new TestClock()
    const offsets = new Map<string, number | undefined>([
      ['a', 10],
      ['b', 20],
      ['c', 5000],
    ])
    const asked: string[] = []
    const log = makeTestLog()
    const ask: AskTime = (host) => {
      asked.push(host)
      const offsetMs = offsets.get(host)
      return Promise.resolve(
        offsetMs === undefined ? fail('timeout', 'no answer') : succeed({ offsetMs, errorMs: 1 }),
      )
    }
    const servers = startTimeServers(['a:1', 'b:1', 'c:1'], clock, log, ask)
    assert.equal(servers.getOffset(), undefined)
    await settle()
    assert.deepEqual(servers.getOffset(), { offsetMs: 20, errorMs: 1 })
    offsets.set('a', undefined)
    for (let turns = 0; turns < 5; turns++) {
      clock.advance(64_000)
      await settle()
    }
    // The lesser of two.
    assert.deepEqual(servers.getOffset(), { offsetMs: 20, errorMs: 1 })
    assert.equal(log.lines.length, 1, 'a silence is told once')
    offsets.clear()
    for (let turns = 0; turns < 6; turns++) {
      clock.advance(64_000)
      await settle()
    }
    assert.equal(servers.getOffset(), undefined)
    const before = asked.length
    servers.stop()
    clock.advance(640_000)
    await settle()
    assert.equal(asked.length, before)
  })
})
