import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import type { Round, UnixMs } from '@watchfire/attestation'
import {
  builtinKinds,
  done,
  makePhaseTimer,
  type ProbeContext,
  type ProbeKind,
} from '@watchfire/probes'
import { checkAnswer } from '../../../packages/probes/src/answer.ts'
import { abstentionCodes, outcomeCodes } from '../../../packages/probes/src/codes.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { type JsonValue, mutateJson } from '../mutate-json.ts'
import { check, type FuzzTarget } from '../target.ts'
import { toUtf8 } from '../text.ts'

const kinds = builtinKinds.filter(({ kind }) => ['http', 'evm-rpc', 'price-feed'].includes(kind))

const params: Readonly<Record<string, object>> = {
  http: {
    url: 'http://target.example/health',
    method: 'GET',
    status: [],
    headers: {},
    contains: 'ok',
    redirects: 2,
    bodyBytesMax: 65_536,
  },
  'evm-rpc': {
    url: 'http://target.example/',
    headers: {},
    chainId: 1,
    blockMs: 12_000,
    referenceDepth: 8,
    referenceStep: 32,
  },
  'price-feed': {
    url: 'http://target.example/',
    headers: {},
    chainId: 1,
    address: `0x${'ab'.repeat(20)}`,
    decimals: 8,
    unit: 'usd',
    heartbeatMs: 60_000,
  },
}

const word = (value: bigint): string => BigInt.asUintN(256, value).toString(16).padStart(64, '0')
const block = { number: '0x1500', timestamp: '0x691f0000', hash: `0x${'5a'.repeat(32)}` }
const reference = { ...block, number: '0x14e0' }
const roundData = `0x${[2n ** 64n + 7n, 3_000n * 10n ** 8n, 1n, 1_763_683_200n, 2n ** 64n + 7n].map(word).join('')}`
/** Results of the calls that a kind makes, in its order. */
const results: Readonly<Record<string, readonly JsonValue[]>> = {
  http: [],
  'evm-rpc': [block, '0x1', false, reference],
  'price-feed': [roundData, '0x1', `0x${word(8n)}`],
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

function drawBody(prng: Prng, id: number, result: JsonValue): string {
  if (prng.chance(15)) {
    const levels = prng.pick(DEPTHS)
    const deep = `${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`
    return `{"jsonrpc":"2.0","id":${id},"result":${deep}}`
  }
  const changed = prng.chance(100)
    ? prng.pick(ODD_RESULTS)
    : prng.chance(150)
      ? mutateJson(prng, result)
      : result
  const answer: JsonValue = prng.chance(60)
    ? { jsonrpc: '2.0', id, error: { code: prng.pick([3, -32_000, -32_601]), message: 'reverted' } }
    : { jsonrpc: '2.0', id, result: changed }
  return JSON.stringify(prng.chance(80) ? mutateJson(prng, answer) : answer)
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
        if (reply !== undefined) socket.push(reply)
        hangUp(mine, PATIENCE_TURNS)
      })
      written()
    },
  })
  const nothing = () => socket
  const extras = { setTimeout: nothing, ref: nothing, unref: nothing, setKeepAlive: nothing }
  return Object.assign(socket, extras) as unknown as Socket
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

const roundStartMs = 1_763_683_260_000 as UnixMs
const CONNECTIONS_MAX = 16

/** Asks a target that answers `replies`, over as many connections as the kind makes. */
async function ask(kind: ProbeKind, replies: readonly Uint8Array[]) {
  const controller = new AbortController()
  const phases = makePhaseTimer(() => 0)
  const sockets: Socket[] = []
  let connections = 0
  const net: ProbeContext['net'] = {
    connect: async () => {
      check(++connections < CONNECTIONS_MAX, 'connects without end')
      const socket = makeSocket(replies.slice(connections - 1))
      // What breaks is told to whoever reads; nobody else listens.
      socket.on('error', () => undefined)
      sockets.push(socket)
      return done(socket)
    },
    secure: () => Promise.reject(new Error('no target is secured')),
    countBytes: () => done(undefined),
  }
  const given = params[kind.kind] ?? {}
  const answer = await kind.probe(given as never, {
    signal: controller.signal,
    deadlineMs: (roundStartMs + 1000) as UnixMs,
    timeoutMs: 1000,
    round: 30 as Round,
    roundStartMs,
    nowMs: () => roundStartMs,
    net,
    phases,
  })
  for (const socket of sockets) socket.destroy()
  controller.abort()
  return checkAnswer(kind, given, answer)
}

/** What targets answer to probes, from the first byte of HTTP on: whatever it is has a named outcome. */
export const probes: FuzzTarget = {
  name: 'probes',
  codes: [...Object.keys(outcomeCodes), ...Object.keys(abstentionCodes)].filter(
    (code) => code !== 'internal',
  ),
  share: 0.6,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, kinds.length - 1)
      const own = results[kinds[index]?.kind ?? ''] ?? []
      const bodies =
        own.length === 0
          ? ['all is ok', 'no', '']
          : own.map((result, call) => drawBody(prng, call + 1, result))
      const replies = bodies.flatMap((body) => [drawReply(prng, body), SEPARATOR]).slice(0, -1)
      return join(Uint8Array.of(index), ...replies)
    },
    async run(input) {
      const kind = kinds[(input[0] ?? 0) % kinds.length]
      if (kind === undefined) throw new RangeError('there is no such kind')
      const answer = await ask(kind, split(input.subarray(1)))
      if (answer.status === 'reached') {
        const signals = Object.entries(answer.signals).map(([name, value]) => `${name}=${value}`)
        return { code: 'accepted', trace: `${kind.kind} ${signals.join()}` }
      }
      const code = answer.status === 'failed' ? answer.outcome : answer.reason
      check(code !== 'internal', `${kind.kind} abstained over what a target said: ${answer.detail}`)
      check(answer.detail.length <= 301, 'a detail without bound')
      return { code, trace: `${kind.kind} ${answer.detail}` }
    },
  }),
}
