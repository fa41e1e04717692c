import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { done, type ProbeKind } from '@watchfire/probes'
import { parseParams } from '../../../packages/probes/src/params.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { type JsonValue, mutateJson } from '../mutate-json.ts'
import { check, type FuzzTarget, type Outcome } from '../target.ts'
import { fromUtf8, toUtf8 } from '../text.ts'
import { findKind, probeCodes, runProbe } from './run-probe.ts'

/** A kind with parameters, and what a healthy target answers each of its requests with. */
interface Subject {
  readonly kind: ProbeKind
  readonly params: object
  /** Texts, or results of JSON-RPC calls: of one, or of a batch. */
  readonly replies: readonly (string | readonly JsonValue[])[]
}

const rpc = {
  url: 'http://target.example/',
  headers: {},
  chainId: 1,
  blockMs: 12_000,
  batch: true,
}
const feed = { ...rpc, referenceDepth: 1, unit: 'usd', heartbeatMs: 60_000 }
const word = (value: bigint): string => BigInt.asUintN(256, value).toString(16).padStart(64, '0')
const block = {
  number: '0x1500',
  timestamp: '0x691f0000',
  hash: `0x${'5a'.repeat(32)}`,
  gasUsed: '0x112a880',
  gasLimit: '0x2255100',
  baseFeePerGas: '0x3b9aca00',
  transactions: ['0x1', '0x2'],
}
const reference = { ...block, number: '0x14e0' }
const roundData = `0x${[2n ** 64n + 7n, 3_000n * 10n ** 8n, 1n, 1_763_683_200n, 2n ** 64n + 7n].map(word).join('')}`
const newest = { oldestBlock: '0x14c0', gasUsedRatio: [0.5] }
const pythPrice = { price: '300000000000', conf: '40000000', expo: -8, publish_time: 1_763_683_258 }
const priceId = '5a'.repeat(32)
const pythUpdate = {
  parsed: [{ id: priceId, price: pythPrice, ema_price: pythPrice, metadata: { slot: 77 } }],
}

const words = (...values: readonly bigint[]): string => values.map(word).join('')
const contract = { url: rpc.url, chainId: 1 }
const call = { address: `0x${'ab'.repeat(20)}` }
const queue = `0x${words(3n, 64n, 2n, 11n, 12n)}`
const list = `0x${words(32n, 1n, 32n, 64n, 1n, 2n, 5n, 6n)}`
const exposition = `# HELP backlog_size Packets.
# TYPE backlog_size gauge
backlog_size{chain="a",channel="channel-0"} 3
backlog_size{chain="b",channel="channel-\\"1\\n"} 2e0 1763683260000
backlog_oldest_timestamp{chain="a"} 1763683200
wallet_balance{chain="a",denom="uatom"} 1.5e+07
workers{type="packet"} 2
queue NaN
queue 1.25
seen_seconds 1763683250.5
`

const subjects: readonly Subject[] = [
  {
    kind: findKind('http'),
    params: {
      url: 'http://target.example/health',
      method: 'GET',
      status: [],
      headers: {},
      contains: 'ok',
      redirects: 2,
      bodyBytesMax: 65_536,
    },
    replies: ['all is ok', 'no', ''],
  },
  {
    kind: findKind('evm-rpc'),
    params: { ...rpc, referenceDepth: 8, referenceStep: 32 },
    replies: [[block], ['0x1', reference, false, '0x19', 'Geth/v1.17.4/linux', newest, newest]],
  },
  {
    kind: findKind('price-feed'),
    params: { ...feed, feed: 'aggregator', address: `0x${'ab'.repeat(20)}`, decimals: 8 },
    replies: [[block], ['0x1', roundData, `0x${word(8n)}`]],
  },
  {
    kind: findKind('price-feed'),
    params: { ...feed, feed: 'pyth', priceId },
    replies: [JSON.stringify(pythUpdate)],
  },
  {
    kind: findKind('relayer'),
    params: complete('relayer', {
      url: 'http://target.example/metrics',
      software: 'hermes',
      metrics: [
        { signal: 'queue', metric: 'queue', reduce: 'max', scale: 3 },
        { signal: 'seen', metric: 'seen_seconds', take: 'age', reduce: 'min' },
      ],
    }),
    replies: [exposition],
  },
  {
    kind: findKind('contract'),
    params: complete('contract', {
      ...contract,
      calls: [
        { ...call, signal: 'word', data: '0x18160ddd', type: 'int', word: 1 },
        {
          ...call,
          signal: 'queue',
          function: 'queue() view returns (uint8, uint256[] ids)',
          output: 'ids',
        },
        {
          ...call,
          signal: 'rate',
          function: 'get() returns ((uint64[] rates, bool on)[] list)',
          output: 'list.0.rates.1',
        },
      ],
      ratios: [{ signal: 'ratio', of: 'word', over: 'queue' }],
    }),
    replies: [[block], ['0x1', `0x${words(7n, 9n)}`, queue, list]],
  },
  {
    kind: findKind('price-reference'),
    params: complete('price-reference', {
      sources: [
        { url: 'http://a.example/', price: '/data/0/last', time: '/data/0/time' },
        { url: 'http://b.example/', price: '/price', time: '/at', timeUnit: 'ms' },
        { url: 'http://c.example/', price: '/price', decimals: 4 },
      ],
      oracles: [
        { name: 'pyth', feed: 'pyth', url: 'http://d.example/', priceId },
        { ...contract, ...call, name: 'own', decimals: 8 },
      ],
    }),
    // A server's end for each connection, in the order in which they are made.
    replies: [
      '{"data":[{"last":3000.25,"time":"2025-11-21T00:01:00Z"}]}',
      '{"price":"3001","at":1763683259000}',
      '{"price":30005000}',
      JSON.stringify(pythUpdate),
      [block],
      ['0x1', roundData, `0x${word(8n)}`],
    ],
  },
]

function complete(name: string, given: object): object {
  const parsed = parseParams(findKind(name), given)
  if (!parsed.ok) throw new RangeError(`${name} refuses ${JSON.stringify(parsed.problems)}`)
  return parsed.params
}

const ODD_RESULTS: readonly JsonValue[] = [
  null,
  true,
  '0x',
  '0x0',
  `0x${'ff'.repeat(32)}`,
  `0x${'ff'.repeat(160)}`,
  '0xffffffffffffffff',
  '0x1fffffffffffff',
  { startingBlock: '0x0', currentBlock: '0x1', highestBlock: '0x2' },
]
const HEADS = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 500 No',
  'HTTP/1.1 301 Moved\r\nlocation: /other',
  'HTTP/1.1 302 Found\r\nlocation: http://[',
  'HTTP/1.1 204 Nothing',
  'HTTP/1.1 401 Who',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK',
]
const DEPTHS = [100, 20_000]

/** One answer of a server: head and body, with a length that mostly fits. */
function drawReply(prng: Prng, body: string): Uint8Array {
  const head = prng.chance(900) ? 'HTTP/1.1 200 OK' : prng.pick(HEADS)
  const bytes = toUtf8(body)
  const length = prng.chance(970) ? bytes.length : prng.pick([0, 1, 2 ** 31, 2 ** 53])
  const framing = prng.chance(950) ? `content-length: ${length}` : 'transfer-encoding: chunked'
  const whole = join(toUtf8(`${head}\r\n${framing}\r\n\r\n`), bytes)
  return prng.chance(80) ? mutateBytes(prng, whole) : whole
}

function drawAnswer(prng: Prng, id: number, result: JsonValue): JsonValue {
  const changed = prng.chance(100)
    ? prng.pick(ODD_RESULTS)
    : prng.chance(150)
      ? mutateJson(prng, result)
      : result
  const answer: JsonValue = prng.chance(60)
    ? { jsonrpc: '2.0', id, error: { code: prng.pick([3, -32_000, -32_601]), message: 'reverted' } }
    : { jsonrpc: '2.0', id, result: changed }
  return prng.chance(80) ? mutateJson(prng, answer) : answer
}

/** A body that answers the calls from `firstId` on. */
function drawBody(prng: Prng, firstId: number, results: readonly JsonValue[]): string {
  const isBatch = results.length > 1
  if (prng.chance(15)) {
    const levels = prng.pick(DEPTHS)
    const deep = `${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`
    const answers = results.map(
      (_, at) => `{"jsonrpc":"2.0","id":${firstId + at},"result":${deep}}`,
    )
    return isBatch ? `[${answers.join()}]` : (answers[0] ?? deep)
  }
  const answers = results.map((result, at) => drawAnswer(prng, firstId + at, result))
  const answer: JsonValue = isBatch ? answers : (answers[0] ?? null)
  return JSON.stringify(prng.chance(40) ? mutateJson(prng, answer) : answer)
}

const ODD_LINES = [
  '# TYPE queue histogram',
  '# EOF',
  'queue',
  'queue{',
  'queue{a="b} 1',
  'queue{a="\\',
  'queue{} 1e999',
  'queue -Inf',
  'queue 0x10',
  `queue ${'9'.repeat(150)}`,
  `queue{${'a="b",'.repeat(300)}} 1`,
  'seen_seconds -1e30',
  '\u0000',
]

/** Lines of a text in another order, doubled, left out, odd, or with bytes changed. */
function drawLines(prng: Prng, text: string): string {
  const lines = prng.chance(300) ? prng.shuffle(text.split('\n')) : text.split('\n')
  const drawn = lines.flatMap((line) => {
    if (prng.chance(60)) return []
    if (prng.chance(60)) return [line, line]
    if (prng.chance(60)) return [prng.pick(ODD_LINES)]
    return prng.chance(150) ? [fromUtf8(mutateBytes(prng, toUtf8(line)))] : [line]
  })
  return drawn.join(prng.chance(50) ? '\r\n' : '\n')
}

/** A text that a server gives by GET: JSON is changed as JSON half of the time. */
function drawText(prng: Prng, text: string): string {
  if (text.includes('\n')) return prng.chance(300) ? text : drawLines(prng, text)
  if (!text.startsWith('{') || prng.chance(500)) return text
  return JSON.stringify(mutateJson(prng, JSON.parse(text) as JsonValue))
}

function drawReplies(prng: Prng, { replies }: Subject): Uint8Array[] {
  let firstId = 1
  return replies.map((reply) => {
    if (typeof reply === 'string') return drawReply(prng, drawText(prng, reply))
    const body = drawBody(prng, firstId, reply)
    firstId += reply.length
    return drawReply(prng, body)
  })
}

/** Turns of the event loop after which a server that got no further request hangs up. */
const PATIENCE_TURNS = 4

/** A server's end: an answer for each request that comes; where none comes, it hangs up. */
function makeSocket(replies: readonly Uint8Array[]): Socket {
  const waiting = [...replies]
  let requests = 0
  const hangUp = (after: number, turns: number) => {
    setImmediate(() => {
      if (socket.destroyed || requests !== after) return
      if (turns > 0) hangUp(after, turns - 1)
      else socket.push(null)
    })
  }
  const socket = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, written) {
      const reply = waiting.shift()
      requests++
      const mine = requests
      queueMicrotask(() => {
        if (socket.destroyed) return
        if (reply !== undefined) give(reply)
        hangUp(mine, PATIENCE_TURNS)
      })
      written()
    },
  })
  const nothing = () => socket
  const extras = { setTimeout: nothing, ref: nothing, unref: nothing, setKeepAlive: nothing }
  const end = Object.assign(socket, extras, { bytesRead: 0 })
  // As a socket counts what it has read, before anybody is told of it.
  function give(bytes: Uint8Array): void {
    end.bytesRead += bytes.length
    end.push(bytes)
  }
  return end as unknown as Socket
}

const SEPARATOR = toUtf8('\u0000\u0001next\u0001\u0000')

function split(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes)
  const parts: Uint8Array[] = []
  let start = 0
  for (;;) {
    const at = buffer.indexOf(SEPARATOR, start)
    if (at < 0) break
    parts.push(buffer.subarray(start, at))
    start = at + SEPARATOR.length
  }
  return [...parts, buffer.subarray(start)]
}

const CONNECTIONS_MAX = 16

/** Asks a target that answers `replies`, over as many connections as the kind makes. */
async function ask({ kind, params }: Subject, replies: readonly Uint8Array[]): Promise<Outcome> {
  const sockets: Socket[] = []
  let connections = 0
  const outcome = await runProbe(kind, params, {
    connect: async () => {
      check(++connections < CONNECTIONS_MAX, 'connects without end')
      const socket = makeSocket(replies.slice(connections - 1))
      // What breaks is told to whoever reads; nobody else listens.
      socket.on('error', () => undefined)
      sockets.push(socket)
      return done(socket)
    },
  })
  for (const socket of sockets) socket.destroy()
  return outcome
}

/** What targets answer to probes, from the first byte of HTTP on: whatever it is has a named outcome. */
export const probes: FuzzTarget = {
  name: 'probes',
  codes: probeCodes,
  share: 0.6,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, subjects.length - 1)
      const subject = subjects[index]
      if (subject === undefined) throw new RangeError('there is no such subject')
      const replies = drawReplies(prng, subject).flatMap((reply) => [reply, SEPARATOR])
      return join(Uint8Array.of(index), ...replies.slice(0, -1))
    },
    async run(input) {
      const subject = subjects[(input[0] ?? 0) % subjects.length]
      if (subject === undefined) throw new RangeError('there is no such subject')
      return ask(subject, split(input.subarray(1)))
    },
  }),
}
