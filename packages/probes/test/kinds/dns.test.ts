import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { type AddressInfo, createServer } from 'node:net'
import {
  type Answer,
  AUTHENTIC_DATA,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  type Question,
  TRUNCATED_RESPONSE,
} from 'dns-packet'
import { getEnding, type ProbeOptions, probeOnce } from '../../src/compliance/harness.ts'
import { describeKind } from '../../src/compliance/suite.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { dnsKind } from '../../src/kinds/dns.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'

type Query = Packet & { readonly id: number }

/** What a server says to a question: messages, the ones before the last being strays. */
type Serve = (query: Query, transport: 'udp' | 'tcp') => readonly Buffer[]

interface DnsServer {
  readonly port: number
  readonly asked: string[]
  close(): Promise<void>
}

/** Listens on one port of loopback by UDP and TCP, as a DNS server does. */
async function start(serve: Serve): Promise<DnsServer> {
  const asked: string[] = []
  const answer = (bytes: Buffer, transport: 'udp' | 'tcp') => {
    asked.push(transport)
    return serve(decode(bytes) as Query, transport)
  }
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (data) => {
      for (const message of answer(data.subarray(2), 'tcp')) {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(message.length)
        socket.write(Buffer.concat([length, message]))
      }
    })
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (data, from) => {
    for (const message of answer(data, 'udp')) udp.send(message, from.port, from.address)
  })
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve))
  return {
    port,
    asked,
    close: async () => {
      await new Promise<void>((resolve) => udp.close(resolve))
      await new Promise((resolve) => tcp.close(resolve))
    },
  }
}

function respond(query: Query, packet: Partial<Packet> = {}): Buffer {
  const { id, questions } = query
  return encode({ type: 'response', id, questions: questions ?? [], ...packet })
}

const address = (data: string, ttl = 300): Answer => ({ type: 'A', name: 'example.com', ttl, data })
const healthy: Serve = (query) => [respond(query, { answers: [address('192.0.2.1')] })]

async function probe(
  serve: Serve,
  params: Readonly<Record<string, unknown>> = {},
  options: ProbeOptions = {},
): Promise<{ result: ProbeResult; asked: string[] }> {
  const server = await start(serve)
  try {
    const basis = { host: '127.0.0.1', port: server.port, name: 'example.com' }
    const result = await probeOnce(dnsKind, { ...basis, ...params }, options)
    return { result, asked: server.asked }
  } finally {
    await server.close()
  }
}

async function getProbeEnding(...asked: Parameters<typeof probe>): Promise<string> {
  return getEnding((await probe(...asked)).result)
}

describeKind(
  {
    kind: dnsKind,
    transport: 'tcp',
    getParams: (host, port) => ({ host, port, name: 'example.com', transport: 'tcp' }),
    async setup() {
      const server = await start(healthy)
      return {
        params: { host: '127.0.0.1', port: server.port, name: 'example.com', transport: 'tcp' },
        teardown: () => server.close(),
      }
    },
  },
  { describe, it },
)

describe('kind dns', () => {
  it('asks by UDP, and reads the records, the least time to live, and a hash of them all', async () => {
    const answers = [address('192.0.2.2', 60), address('192.0.2.1', 300)]
    const { result, asked } = await probe((query) => [respond(query, { answers })])
    assert.ok(result.status === 'reached', getEnding(result))
    assert.deepEqual(asked, ['udp'])
    assert.equal(result.signals['answers'], 2n)
    assert.equal(result.signals['ttl'], 60n)
    const turned = await probe((query) => [respond(query, { answers: answers.toReversed() })])
    assert.ok(turned.result.status === 'reached')
    assert.deepEqual(turned.result.identities, result.identities)
    assert.equal(result.identities['records']?.length, 32)
  })

  it('goes on over TCP where the answer is cut short, and only then', async () => {
    const serve: Serve = (query, transport) => [
      transport === 'udp'
        ? respond(query, { flags: TRUNCATED_RESPONSE })
        : respond(query, { answers: [address('192.0.2.1')] }),
    ]
    const { result, asked } = await probe(serve)
    assert.equal(getEnding(result), 'reached')
    assert.deepEqual(asked, ['udp', 'tcp'])
    const cut: Serve = (query) => [respond(query, { flags: TRUNCATED_RESPONSE })]
    assert.equal(await getProbeEnding(cut), 'protocol')
  })

  it('asks again when a datagram is lost, and takes as long as that takes', async () => {
    let lost = 0
    const serve: Serve = (query, transport) => (lost++ === 0 ? [] : healthy(query, transport))
    const { result, asked } = await probe(serve, {}, { timeoutMs: 1000 })
    assert.ok(result.status === 'reached', getEnding(result))
    assert.deepEqual(asked, ['udp', 'udp'])
    assert.ok((result.signals['latency'] ?? 0n) >= 240_000n)
  })

  it('waits past what answers another question, and for no longer than its deadline', async () => {
    const shift = (query: Query, by: number) => ({ ...query, id: (query.id + by) & 65_535 })
    const strays: Serve = (query, transport) => [
      Buffer.from('rubbish'),
      ...healthy(shift(query, 1), transport),
      ...healthy(shift(query, 2), transport),
      ...healthy({ ...query, questions: [{ type: 'A', name: 'other.example' }] }, transport),
      ...healthy({ ...query, questions: [{ type: 'AAAA', name: 'example.com' }] }, transport),
      encode({ type: 'query', id: query.id, questions: query.questions as Question[] }),
    ]
    const late: Serve = (query, transport) => [
      ...strays(query, transport),
      ...healthy(query, transport),
    ]
    assert.equal(await getProbeEnding(late), 'reached')
    assert.equal(await getProbeEnding(strays, {}, { timeoutMs: 250 }), 'timeout')
    assert.equal(await getProbeEnding(() => [], {}, { timeoutMs: 250 }), 'timeout')
  })

  it('gives up on a server that floods it with what was not asked', async () => {
    const flood: Serve = () => Array<Buffer>(100).fill(Buffer.alloc(100))
    assert.equal(await getProbeEnding(flood), 'protocol')
    const ending = await getProbeEnding(flood, {}, { bytesPerRoundMax: 500 })
    assert.equal(ending, 'overloaded')
  })

  it('says refused where nobody listens, by UDP too', async () => {
    const server = await start(healthy)
    await server.close()
    const params = { host: '127.0.0.1', port: server.port, name: 'example.com' }
    assert.equal(getEnding(await probeOnce(dnsKind, params)), 'refused')
  })

  it('abstains from an address that is not allowed, by UDP too, and sends nothing there', async () => {
    const { result, asked } = await probe(healthy, {}, { allow: [] })
    assert.equal(getEnding(result), 'forbidden-address')
    assert.deepEqual(asked, [])
  })

  it('wants the response code it is told, and says status of another', async () => {
    const code =
      (rcode: number): Serve =>
      (query) => [respond(query, { flags: rcode })]
    for (const [rcode, params, ending] of [
      [2, {}, 'status'],
      [3, {}, 'status'],
      [5, {}, 'status'],
      [3, { rcodes: ['NXDOMAIN'] }, 'reached'],
      [5, { rcodes: ['REFUSED'] }, 'reached'],
      [0, { rcodes: ['NXDOMAIN'] }, 'status'],
      [15, {}, 'status'],
    ] as const) {
      assert.equal(await getProbeEnding(code(rcode), params), ending, `${rcode}`)
    }
  })

  it('wants as many records as it is told, and those it is told', async () => {
    const none: Serve = (query) => [respond(query)]
    assert.equal(await getProbeEnding(none), 'content')
    assert.equal(await getProbeEnding(none, { answersMin: 0 }), 'reached')
    const other: Serve = (query) => [
      respond(query, { answers: [{ type: 'AAAA', name: 'example.com', data: '2001:db8::1' }] }),
    ]
    assert.equal(await getProbeEnding(other), 'content')
    assert.equal(await getProbeEnding(healthy, { answers: ['192.0.2.1'] }), 'reached')
    assert.equal(await getProbeEnding(healthy, { answers: ['192.0.2.9'] }), 'content')
  })

  it('wants authority and validation where it is told to', async () => {
    const flags =
      (bits: number): Serve =>
      (query) => [respond(query, { flags: bits, answers: [address('192.0.2.1')] })]
    assert.equal(await getProbeEnding(flags(0), { authoritative: true }), 'content')
    assert.equal(
      await getProbeEnding(flags(AUTHORITATIVE_ANSWER), { authoritative: true }),
      'reached',
    )
    assert.equal(await getProbeEnding(flags(0), { authenticated: true }), 'content')
    assert.equal(await getProbeEnding(flags(AUTHENTIC_DATA), { authenticated: true }), 'reached')
  })

  it('compares records of every type as zone files write them', async () => {
    const name = 'example.com'
    const soa = { mname: 'ns.example.com', rname: 'root.example.com' }
    for (const [answer, wanted] of [
      [{ type: 'AAAA', name, data: '2001:db8::1' }, '2001:db8::1'],
      [{ type: 'CNAME', name, data: 'Other.Example' }, 'other.example.'],
      [{ type: 'NS', name, data: 'ns.example' }, 'NS.example'],
      [{ type: 'PTR', name, data: 'host.example' }, 'host.example'],
      [{ type: 'MX', name, data: { preference: 10, exchange: 'mx.example' } }, '10 mx.example'],
      [
        { type: 'SRV', name, data: { priority: 1, weight: 2, port: 3, target: 'srv.example' } },
        '1 2 3 srv.example',
      ],
      [{ type: 'TXT', name, data: ['v=spf1 ', '-All'] }, 'v=spf1 -All'],
      [
        { type: 'CAA', name, data: { flags: 0, tag: 'issue', value: 'ca.example' } },
        '0 issue ca.example',
      ],
      [
        {
          type: 'DS',
          name,
          data: { keyTag: 5, algorithm: 8, digestType: 2, digest: Buffer.from('ab') },
        },
        '5 8 2 6162',
      ],
      [
        { type: 'DNSKEY', name, data: { flags: 257, algorithm: 8, key: Buffer.from('key') } },
        `257 3 8 ${Buffer.from('key').toString('base64')}`,
      ],
      [
        {
          type: 'SOA',
          name,
          data: { ...soa, serial: 7, refresh: 1, retry: 2, expire: 3, minimum: 4 },
        },
        'ns.example.com root.example.com 7 1 2 3 4',
      ],
    ] as const) {
      const { type } = answer
      const serve: Serve = (query) => [respond(query, { answers: [answer as unknown as Answer] })]
      assert.equal(await getProbeEnding(serve, { type, answers: [wanted] }), 'reached', type)
      assert.equal(await getProbeEnding(serve, { type, answers: ['other'] }), 'content', type)
    }
  })

  it('reads a zone’s serial, by which servers of a group are held to each other', async () => {
    const data = { mname: 'ns.example', rname: 'r.example', serial: 4_294_967_295 }
    const serve: Serve = (query) => [
      respond(query, { answers: [{ type: 'SOA', name: 'example.com', data }] }),
    ]
    const { result } = await probe(serve, { type: 'SOA' })
    assert.ok(result.status === 'reached', getEnding(result))
    assert.equal(result.signals['serial'], 4_294_967_295n)
    const target = { id: 't', kind: 'dns', timeoutMs: 1000, group: 'zone' }
    const params = { host: 'ns.example', name: 'example.com', type: 'SOA' }
    const expanded = expandTarget({ ...target, params }, makeRegistry([dnsKind]))
    assert.ok(expanded.ok)
    const lag = expanded.target.policy.thresholds.find(({ signal }) => signal === 'serial')
    assert.deepEqual(lag, { signal: 'serial', lag: 0, severity: 'degraded' })
  })
})
