import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isResolverFault, makeResolve } from '../../src/net/resolve.ts'

const TYPE_AAAA = 28
const NO_ERROR = 0
const NAME_ERROR = 3

type Answer = Uint8Array | 'nothing' | 'no-such-name' | 'silence'

/** A DNS server that answers every question of a type alike. */
async function startDns(answers: {
  a: Answer
  aaaa: Answer
}): Promise<{ server: Socket; at: string }> {
  const server = createSocket('udp4')
  server.on('message', (query, { port, address }) => {
    // The question ends after the root label, with type and class (RFC 1035 4.1).
    const end = query.indexOf(0, 12) + 5
    const type = query.readUInt16BE(end - 4)
    const answer = type === TYPE_AAAA ? answers.aaaa : answers.a
    if (answer !== 'silence')
      server.send(makeReply(query.subarray(0, end), type, answer), port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, at: `127.0.0.1:${server.address().port}` }
}

function makeReply(question: Buffer, type: number, answer: Exclude<Answer, 'silence'>): Buffer {
  const reply = Buffer.from(question)
  reply.writeUInt16BE(0x8180 | (answer === 'no-such-name' ? NAME_ERROR : NO_ERROR), 2)
  reply.writeUInt16BE(typeof answer === 'string' ? 0 : 1, 6)
  reply.fill(0, 8, 12)
  if (typeof answer === 'string') return reply
  const record = Buffer.alloc(12)
  record.writeUInt16BE(0xc00c, 0)
  record.writeUInt16BE(type, 2)
  record.writeUInt16BE(1, 4)
  record.writeUInt32BE(60, 6)
  record.writeUInt16BE(answer.length, 10)
  return Buffer.concat([reply, record, answer])
}

async function resolveWith(answers: { a: Answer; aaaa: Answer }, signal?: AbortSignal) {
  const { server, at } = await startDns(answers)
  try {
    return await makeResolve([at])('name.example', signal ?? new AbortController().signal)
  } finally {
    server.close()
  }
}

const V4 = Uint8Array.of(192, 0, 2, 1)
const V6 = Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, ...new Uint8Array(11), 1])

describe('name resolution', () => {
  it('gives the addresses of both families, IPv4 first', async () => {
    const resolution = await resolveWith({ a: V4, aaaa: V6 })
    assert.deepEqual(resolution, { ok: true, addresses: ['192.0.2.1', '2001:db8::1'] })
  })

  it('is content with one family, whether the other has none or is not answered for', async () => {
    for (const other of ['nothing', 'silence'] as const) {
      const resolution = await resolveWith({ a: V4, aaaa: other })
      assert.deepEqual(resolution, { ok: true, addresses: ['192.0.2.1'] })
    }
    const resolution = await resolveWith({ a: 'nothing', aaaa: V6 })
    assert.deepEqual(resolution, { ok: true, addresses: ['2001:db8::1'] })
  })

  it('tells a name that does not exist from one without addresses', async () => {
    const missing = await resolveWith({ a: 'no-such-name', aaaa: 'no-such-name' })
    assert.deepEqual(missing, { ok: false, code: 'ENOTFOUND' })
    const empty = await resolveWith({ a: 'nothing', aaaa: 'nothing' })
    assert.deepEqual(empty, { ok: false, code: 'ENODATA' })
  })

  it('ends when its signal aborts, though nobody has answered', async () => {
    const controller = new AbortController()
    const resolution = resolveWith({ a: 'silence', aaaa: 'silence' }, controller.signal)
    setImmediate(() => controller.abort())
    assert.equal((await resolution).ok, false)
  })

  it('knows a resolver that cannot be asked from a name that cannot be resolved', async () => {
    const { server, at } = await startDns({ a: 'nothing', aaaa: 'nothing' })
    await new Promise<void>((resolve) => server.close(() => resolve()))
    const resolution = await makeResolve([at])('name.example', new AbortController().signal)
    assert.ok(!resolution.ok)
    assert.ok(isResolverFault(resolution.code), resolution.code)
    assert.ok(!isResolverFault('ENOTFOUND'))
  })

  it('takes localhost for loopback without asking anyone', async () => {
    for (const name of ['localhost', 'LOCALHOST.', 'a.localhost']) {
      const resolution = await makeResolve(['127.0.0.1:9'])(name, new AbortController().signal)
      assert.deepEqual(resolution, { ok: true, addresses: ['127.0.0.1', '::1'] })
    }
  })
})
