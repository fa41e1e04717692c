import { gzipSync } from 'node:zlib'
import type { Prng } from '../../sim/world/prng.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { type JsonValue, mutateJson } from '../mutate-json.ts'
import { fromUtf8, toUtf8 } from '../text.ts'
import type { HealthyReply } from './probe-subjects.ts'

// What servers answer over HTTP, drawn.

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
function drawReply(prng: Prng, bytes: Uint8Array, fields = ''): Uint8Array {
  const head = prng.chance(900) ? 'HTTP/1.1 200 OK' : prng.pick(HEADS)
  const length = prng.chance(970) ? bytes.length : prng.pick([0, 1, 2 ** 31, 2 ** 53])
  const framing = prng.chance(950) ? `content-length: ${length}` : 'transfer-encoding: chunked'
  const whole = join(toUtf8(`${head}\r\n${fields}${framing}\r\n\r\n`), bytes)
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

/** A text in a coding that is what it says, mostly; some of it a bomb. */
function drawCompressed(prng: Prng, text: string): Uint8Array {
  const plain = prng.chance(100) ? 'x'.repeat(1_000_000) : text
  const coded = prng.chance(900) ? gzipSync(plain) : toUtf8(plain)
  const bytes = prng.chance(300) ? mutateBytes(prng, coded) : coded
  const coding = prng.chance(900) ? 'gzip' : prng.pick(['br', 'identity', 'gzip, gzip'])
  return drawReply(prng, bytes, `content-encoding: ${coding}\r\n`)
}

/** One answer for each that a healthy server gives. */
export function drawReplies(prng: Prng, replies: readonly HealthyReply[]): Uint8Array[] {
  let firstId = 1
  return replies.map((reply) => {
    if (typeof reply === 'string') return drawReply(prng, toUtf8(drawText(prng, reply)))
    if ('gzip' in reply) return drawCompressed(prng, reply.gzip)
    const body = drawBody(prng, firstId, reply)
    firstId += reply.length
    return drawReply(prng, toUtf8(body))
  })
}
