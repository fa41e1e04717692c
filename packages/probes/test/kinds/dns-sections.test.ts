import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { type Answer, decode, encode, type Packet } from 'dns-packet'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { dnsKind } from '../../src/kinds/dns.ts'
import { parseParams } from '../../src/params.ts'
import { assertReached } from '../assert-reached.ts'
import { makeAuthority } from '../authority.ts'

const name = 'example.com'
const a = (data: string, ttl = 300): Answer => ({ type: 'A', name: 'WWW.Example.com', ttl, data })
const answer: Partial<Packet> = {
  answers: [a('192.0.2.1'), a('192.0.2.2', 60)],
  authorities: [{ type: 'NS', name, ttl: 900, data: 'ns1.example.net' }],
  additionals: [
    { type: 'A', name: 'ns1.example.net', ttl: 900, data: '198.51.100.1' },
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
}

function respond(bytes: Buffer, packet: Partial<Packet>): Buffer {
  const { id, questions } = decode(bytes)
  return encode({
    type: 'response',
    ...(id === undefined ? {} : { id }),
    ...(questions === undefined ? {} : { questions }),
    ...packet,
  })
}

/** Probes a server on loopback that answers every question alike. */
async function probe(packet: Partial<Packet>, params: Readonly<Record<string, unknown>> = {}) {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) =>
    socket.send(respond(bytes, packet), from.port, from.address),
  )
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  try {
    const target = { host: '127.0.0.1', port: socket.address().port, name, ...params }
    return await probeOnce(dnsKind, target, { timeoutMs: 1500 })
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()))
  }
}

describe('what kind dns expects of the sections of an answer', () => {
  it('is that their records match, each as a line of a zone file', async () => {
    for (const [rules, ending] of [
      [{ answer: { every: ['^www\\.example\\.com \\d+ IN A 192\\.0\\.2\\.'] } }, 'reached'],
      [{ answer: { every: ['192\\.0\\.2\\.1$'] } }, 'content'],
      [{ answer: { every: ['IN A', ' (60|300) '] } }, 'reached'],
      [{ answer: { some: ['192\\.0\\.2\\.9', ' 60 IN'] } }, 'reached'],
      [{ answer: { some: ['192\\.0\\.2\\.9'] } }, 'content'],
      [{ answer: { none: ['x9'], some: [' 60 IN'] } }, 'reached'],
      [{ answer: { none: ['127\\.0\\.0\\.1'] } }, 'reached'],
      [{ answer: { none: ['x', '192\\.0\\.2\\.2$'] } }, 'content'],
      [{ authority: { some: ['^example\\.com 900 IN NS ns1\\.example\\.net$'] } }, 'reached'],
      [{ authority: { none: ['NS'] } }, 'content'],
      [{ additional: { every: ['^ns1\\.example\\.net 900 IN A 198\\.51\\.100\\.1$'] } }, 'reached'],
      [{ additional: { some: ['OPT'] } }, 'content'],
      [{ answer: { every: ['A'] }, authority: { every: ['A'] } }, 'content'],
    ] as const) {
      assert.equal(getEnding(await probe(answer, rules)), ending, JSON.stringify(rules))
    }
    const empty = { answersMin: 0, answer: { some: ['.'] } }
    assert.equal(getEnding(await probe({}, empty)), 'content')
    assert.equal(getEnding(await probe({}, { answersMin: 0, answer: { every: ['x'] } })), 'reached')
  })

  it('tells how many records each has', async () => {
    const { signals } = assertReached(await probe(answer))
    assert.equal(signals['authority-records'], 1n)
    assert.equal(signals['additional-records'], 2n)
  })

  it('takes one of several response codes', async () => {
    const servfail = { flags: 2 }
    const codes = ['NXDOMAIN', 'SERVFAIL']
    assert.equal(getEnding(await probe(servfail)), 'status')
    assert.equal(getEnding(await probe(servfail, { rcodes: codes })), 'reached')
    assert.equal(getEnding(await probe({ flags: 5 }, { rcodes: codes })), 'status')
  })

  it('hears a server that fails without repeating the question, and of no other', async () => {
    const bare = (flags: number): Partial<Packet> => ({ flags, questions: [] })
    assert.equal(getEnding(await probe(bare(2))), 'status')
    assert.equal(getEnding(await probe(bare(2), { rcodes: ['SERVFAIL'] })), 'reached')
    assert.equal(getEnding(await probe(bare(0))), 'timeout')
  })

  it('comes over TLS, with the signals of that', async () => {
    const authority = await makeAuthority()
    const identity = await authority.issue(['dns.example'], 9)
    const server = createServer(identity, (socket) => {
      socket
        .on('error', () => socket.destroy())
        .on('data', (bytes: Buffer) => {
          const reply = respond(bytes.subarray(2), answer)
          const length = Buffer.alloc(2)
          length.writeUInt16BE(reply.length)
          socket.write(Buffer.concat([length, reply]))
        })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const target = { host: '127.0.0.1', port, name, transport: 'tls' }
      const options = { ca: [authority.pem] }
      assert.equal(getEnding(await probeOnce(dnsKind, target, options)), 'certificate')
      const named = { ...target, servername: 'dns.example' }
      const { signals } = assertReached(await probeOnce(dnsKind, named, options))
      assert.equal(signals['answers'], 2n)
      assert.equal(Math.ceil(Number(signals['expires-in']) / 86_400), 9)
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  })

  it('is refused where a pattern is none, or too much to search', () => {
    for (const [rules, problem] of [
      [{ answer: { every: ['('] } }, 'bad-pattern params.answer.every.0'],
      [{ additional: { none: ['a', '[b'] } }, 'bad-pattern params.additional.none.1'],
      [{ authority: { some: ['a{200}'] } }, 'pattern-too-costly params.authority.some.0'],
      [{ rcodes: [] }, 'bad-params params.rcodes'],
      [{ rcodes: ['NOPE'] }, 'bad-params params.rcodes.0'],
    ] as const) {
      const parsed = parseParams(dnsKind, { host: '192.0.2.1', name, ...rules })
      assert.ok(!parsed.ok, problem)
      const found = parsed.problems.map((each) => `${each.code} ${each.path.join('.')}`)
      assert.ok(found.includes(problem), found.join())
    }
  })
})
