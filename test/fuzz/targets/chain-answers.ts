import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { parseParams } from '../../../packages/probes/src/params.ts'
import { done } from '../../../packages/probes/src/steps.ts'
import { readRecording, type Replies } from '../../../packages/probes/test/recorded-server.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { type JsonValue, mutateJson } from '../mutate-json.ts'
import { join } from '../mutate-bytes.ts'
import { check, type FuzzTarget } from '../target.ts'
import { fromUtf8, toUtf8 } from '../text.ts'
import { findKind, probeCodes, runProbe } from './run-probe.ts'

// What nodes of chains answer to the many calls of one probe. An input says, as JSON, which answers of a
// recorded node are replaced, and by what text; the others are as the node gave them.

const lodestar = readRecording('lodestar')
const genesisReply = lodestar.replies['GET /eth/v1/beacon/genesis'] as {
  readonly body: { readonly data: { readonly genesis_validators_root: string } }
}
const url = 'http://target.example/'
const subjects = [
  {
    ...find('eth-beacon', {
      genesisValidatorsRoot: genesisReply.body.data.genesis_validators_root,
      slotMs: 2000,
      slotsPerEpoch: 8,
      validators: ['0', '7', '99'],
    }),
    replies: lodestar.replies,
  },
  {
    ...find('cometbft', {
      chainId: 'chain-x8qh92',
      window: 4,
      validators: ['B32395C8807D9FF65A7E7A584DEB316ED4D12622'],
    }),
    replies: readRecording('cometbft').replies,
  },
  {
    ...find('solana', {
      genesisHash: 'GH7ome3EiwEr7tu9JuTh2dpYWBJK3z69Xm1ZE3MEE6JC',
      voteAccounts: ['3ZT31jkAGhUaw8jsy4bTknwBMP8i4Eueh52By4zXcsVw'],
    }),
    replies: readRecording('solana').replies,
  },
  { ...find('bitcoin', { chain: 'regtest' }), replies: readRecording('btcd').replies },
  {
    ...find('substrate', {
      genesisHash: '0x276bfa91f70859348285599321ea96afd3ae681f0be47d36196bac8075ea32e8',
    }),
    replies: readRecording('gossamer').replies,
  },
  {
    ...find('ibc', {
      chainId: 'ibc-0',
      clientId: '07-tendermint-0',
      channel: { id: 'channel-0' },
    }),
    replies: readRecording('simd').replies,
  },
]

function find(name: string, given: object) {
  const kind = findKind(name)
  const parsed = parseParams(kind, { ...given, url })
  if (!parsed.ok) throw new RangeError(`${name} refuses ${JSON.stringify(parsed.problems)}`)
  return { kind, params: parsed.params }
}

/** Texts by the key of the recorded reply that they replace: a body, or what stands for a result. */
type Replaced = Readonly<Record<string, string>>

const DEPTHS = [100, 5000]
const ODD_TEXTS = ['', '{', 'null', '[]', '{}', '"0x"', '1e400', '-1', '[[[]]]', '"\\ud800"']

function drawText(prng: Prng, healthy: JsonValue): string {
  if (prng.chance(60)) return prng.pick(ODD_TEXTS)
  if (prng.chance(15)) {
    const levels = prng.pick(DEPTHS)
    return `${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`
  }
  return JSON.stringify(mutateJson(prng, healthy))
}

function drawReplaced(prng: Prng, replies: Replies): Replaced {
  const keys = prng.shuffle(Object.keys(replies)).slice(0, prng.between(0, 3))
  return Object.fromEntries(
    keys.map((key) => {
      const reply = replies[key] ?? { result: null }
      const healthy = 'result' in reply ? reply.result : 'body' in reply ? reply.body : null
      return [key, drawText(prng, (healthy ?? null) as JsonValue)]
    }),
  )
}

/** Status and body for a request of HTTP, as the recorded server gives them. */
function answer(replies: Replies, replaced: Replaced, head: string, body: string) {
  const [method = '', path = ''] = head.split(' ')
  const isCall = method === 'POST' && path === '/'
  const call = isCall ? (JSON.parse(body) as Record<string, unknown>) : {}
  const question = isCall
    ? `${String(call['method'])} ${JSON.stringify(call['params'])}`
    : `${method} ${path}${body === '' ? '' : ` ${body}`}`
  const [key] = Object.keys(replies)
    .filter((each) => question.startsWith(each))
    .toSorted((a, b) => b.length - a.length)
  const reply = key === undefined ? undefined : replies[key]
  const text = key === undefined ? undefined : replaced[key]
  if (isCall) {
    const { id } = call
    if (text !== undefined) {
      return { status: 200, text: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}` }
    }
    const given = reply ?? { error: { code: -32_601, message: 'Method not found' } }
    return { status: 200, text: JSON.stringify({ jsonrpc: '2.0', id, ...given }) }
  }
  const status = reply !== undefined && 'status' in reply ? reply.status : 404
  const given = reply !== undefined && 'body' in reply ? JSON.stringify(reply.body) : ''
  return { status, text: text ?? given }
}

const HEAD_END = '\r\n\r\n'

/** A server's end of a connection. */
function makeSocket(replies: Replies, replaced: Replaced): Socket {
  let received = ''
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, written) {
      received += chunk.toString('latin1')
      for (let end = received.indexOf(HEAD_END); end >= 0; end = received.indexOf(HEAD_END)) {
        const head = received.slice(0, end)
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        const bodyAt = end + HEAD_END.length
        if (received.length < bodyAt + length) break
        const { status, text } = answer(
          replies,
          replaced,
          head,
          received.slice(bodyAt, bodyAt + length),
        )
        received = received.slice(bodyAt + length)
        const bytes = Buffer.from(text)
        const answered = `HTTP/1.1 ${status} Said\r\ncontent-length: ${bytes.length}${HEAD_END}`
        queueMicrotask(() => {
          if (!socket.destroyed) give(Buffer.concat([Buffer.from(answered), bytes]))
        })
      }
      written()
    },
  })
  const nothing = () => socket
  const extras = { setTimeout: nothing, ref: nothing, unref: nothing, setKeepAlive: nothing }
  socket.on('error', () => undefined)
  const end = Object.assign(socket, extras, { bytesRead: 0 })
  // As a socket counts what it has read, before anybody is told of it.
  function give(bytes: Uint8Array): void {
    end.bytesRead += bytes.length
    end.push(bytes)
  }
  return end as unknown as Socket
}

const CONNECTIONS_MAX = 64

/** What nodes of chains answer: whatever it is has a named outcome. */
export const chainAnswers: FuzzTarget = {
  name: 'chain-answers',
  codes: probeCodes,
  share: 0.6,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, subjects.length - 1)
      const subject = subjects[index]
      if (subject === undefined) throw new RangeError('there is no such subject')
      const replaced = drawReplaced(prng, subject.replies)
      return join(Uint8Array.of(index), toUtf8(JSON.stringify(replaced)))
    },
    async run(input) {
      const subject = subjects[(input[0] ?? 0) % subjects.length]
      if (subject === undefined) throw new RangeError('there is no such subject')
      const sockets: Socket[] = []
      const replaced = readReplaced(input.subarray(1))
      const outcome = await runProbe(subject.kind, subject.params, {
        connect: async () => {
          check(sockets.length < CONNECTIONS_MAX, 'connects without end')
          const socket = makeSocket(subject.replies, replaced)
          sockets.push(socket)
          return done(socket)
        },
      })
      for (const socket of sockets) socket.destroy()
      return outcome
    },
  }),
}

/** Bytes that were changed beyond JSON replace nothing. */
function readReplaced(bytes: Uint8Array): Replaced {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes))
    if (typeof value !== 'object' || value === null) return {}
    const texts = Object.entries(value).filter((entry) => typeof entry[1] === 'string')
    return Object.fromEntries(texts) as Replaced
  } catch {
    return {}
  }
}
