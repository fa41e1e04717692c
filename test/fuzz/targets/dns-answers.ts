import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type Answer, AUTHORITATIVE_ANSWER, encode, type Packet } from 'dns-packet'
import { parseParams } from '../../../packages/probes/src/params.ts'
import { done, failed, stopped } from '../../../packages/probes/src/steps.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget } from '../target.ts'
import { findKind, probeCodes, runProbe } from './run-probe.ts'

const kind = findKind('dns')
const name = 'www.example.com'
const QUESTION_ID = 0x5a17

/** A healthy answer of each type of record. */
const answers: Readonly<Record<string, Answer>> = {
  A: { type: 'A', name, ttl: 300, data: '192.0.2.7' },
  AAAA: { type: 'AAAA', name, ttl: 300, data: '2001:db8::7' },
  CNAME: { type: 'CNAME', name, ttl: 300, data: 'web.example.com' },
  MX: { type: 'MX', name, ttl: 300, data: { preference: 10, exchange: 'mail.example.com' } },
  NS: { type: 'NS', name, ttl: 300, data: 'ns1.example.com' },
  TXT: { type: 'TXT', name, ttl: 300, data: ['v=spf1', '-all'] },
  SRV: { type: 'SRV', name, ttl: 300, data: { port: 443, target: 'web.example.com' } },
  CAA: { type: 'CAA', name, ttl: 300, data: { flags: 0, tag: 'issue', value: 'ca.example' } },
  SOA: {
    type: 'SOA',
    name,
    ttl: 300,
    data: { mname: 'ns1.example.com', rname: 'admin.example.com', serial: 2_025_112_101 },
  },
}

/** Of every section, so that each is written out and searched. */
const rules = {
  rcodes: ['NOERROR', 'NXDOMAIN', 'SERVFAIL'],
  answer: { every: ['IN [A-Z]+'], none: ['127\\.0\\.0\\.1'] },
  authority: { none: ['evil'] },
  additional: { every: [' IN '] },
}

const subjects = Object.entries(answers).flatMap(([type, answer]) =>
  ['udp', 'tcp'].map((transport) => {
    const asked = { host: '192.0.2.1', name, type, transport, answersMin: 0, ...rules }
    const parsed = parseParams(kind, asked)
    if (!parsed.ok) throw new RangeError(`the kind dns refuses ${JSON.stringify(parsed.problems)}`)
    return { type, answer, params: parsed.params }
  }),
)
type Subject = (typeof subjects)[number]

/** Records whose bytes a server of ours would not make: chosen by hand, the rest by changing bytes. */
function drawAnswers(prng: Prng, { answer }: Subject): Answer[] {
  const others = Object.values(answers)
  return Array.from({ length: prng.between(0, 3) }, () =>
    prng.chance(800) ? answer : prng.pick(others),
  )
}

function drawMessage(prng: Prng, subject: Subject): Uint8Array {
  const message: Packet = {
    type: prng.chance(970) ? 'response' : 'query',
    id: 0,
    flags: AUTHORITATIVE_ANSWER | (prng.chance(100) ? prng.between(0, 0xff_ff) : 0),
    questions: [{ type: subject.type as 'A', name, class: 'IN' }],
    answers: drawAnswers(prng, subject),
    authorities: prng.chance(100) ? drawAnswers(prng, subject) : [],
  }
  const bytes = encode(message)
  // The question stays whole mostly: what answers another is dropped before the rest is read.
  const head = bytes.subarray(0, prng.chance(800) ? 12 + name.length + 6 : 2)
  return prng.chance(300) ? bytes : join(head, mutateBytes(prng, bytes.subarray(head.length)))
}

/** A server's end of a TCP connection: what is drawn, and then it hangs up. */
function makeSocket(bytes: Uint8Array): Socket {
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, written) {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(Math.min(bytes.length, 0xff_ff))
      socket.push(Buffer.concat([length, withId(bytes, chunk.subarray(2, 4))]))
      socket.push(null)
      written()
    },
  })
  return socket as unknown as Socket
}

/** The answer under the id that the question had. */
function withId(bytes: Uint8Array, id: Uint8Array): Buffer {
  return Buffer.concat([id, bytes.subarray(2)])
}

/**
 * Draws one id for every question: names in an answer may point at its id, and then what comes of an
 * input is another each time. @returns puts chance back
 */
function fixIds(): () => void {
  const { randomInt } = crypto
  const set = (drawn: typeof randomInt) => {
    crypto.randomInt = drawn
    syncBuiltinESMExports()
  }
  set((() => QUESTION_ID) as typeof randomInt)
  return () => set(randomInt)
}

/** What DNS servers answer: whatever it is has a named outcome. */
export const dnsAnswers: FuzzTarget = {
  name: 'dns-answers',
  codes: probeCodes,
  share: 3,
  open: () => ({
    close: fixIds(),
    draw(prng) {
      const index = prng.between(0, subjects.length - 1)
      const subject = subjects[index]
      if (subject === undefined) throw new RangeError('there is no such subject')
      return join(Uint8Array.of(index), drawMessage(prng, subject))
    },
    run(input) {
      const subject = subjects[(input[0] ?? 0) % subjects.length]
      if (subject === undefined) throw new RangeError('there is no such subject')
      const bytes = input.subarray(1)
      let asked = 0
      return runProbe(kind, subject.params, {
        ask: async (_endpoint, request) => {
          check(++asked === 1, 'asks by datagram without end')
          const datagram = withId(bytes, request.bytes.subarray(0, 2))
          return request.accept(datagram)
            ? done(datagram)
            : stopped(failed('timeout', 'what came answers another question'))
        },
        connect: async () => done(makeSocket(bytes)),
      })
    },
  }),
}
