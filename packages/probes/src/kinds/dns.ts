import { createHash, randomInt } from 'node:crypto'
import { AUTHENTIC_DATA, type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet'
import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Step, type Stop } from '../kind.ts'
import { readUntil } from '../net/probe-network.ts'
import { done, failed, stopped } from '../steps.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import {
  formatName,
  formatRecord,
  nameResponseCode,
  recordTypes,
  responseCodes,
} from '../protocols/dns/dns-records.ts'
import { hostSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: Type.Integer({ default: 53, minimum: 1, maximum: 65_535 }),
  name: Type.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[A-Za-z0-9._*-]+$',
    examples: ['example.com'],
    description: 'Name to ask for.',
  }),
  type: Type.Enum(recordTypes, { default: 'A', description: 'Type of record to ask for.' }),
  transport: Type.Union([Type.Literal('udp'), Type.Literal('tcp')], {
    default: 'udp',
    description: 'udp goes on over tcp where the answer is cut short.',
  }),
  recursion: Type.Boolean({ default: true, description: 'Whether the server is to ask others.' }),
  rcode: Type.Enum(responseCodes, {
    default: 'NOERROR',
    description: 'The response code that is healthy.',
  }),
  authoritative: Type.Boolean({
    default: false,
    description: 'Whether the answer must be by authority.',
  }),
  authenticated: Type.Boolean({
    default: false,
    description: 'Whether the server must say that it has validated the answer (DNSSEC).',
  }),
  answersMin: Type.Integer({
    default: 1,
    minimum: 0,
    maximum: 1000,
    description: 'Records of the type that a NOERROR must bring.',
  }),
  answers: Type.Array(Type.String({ minLength: 1, maxLength: 512, pattern: '^[ -~]+$' }), {
    default: [],
    maxItems: 16,
    description: 'Records that must be among the answers, as zone files write them.',
  }),
})
type Params = Static<typeof paramsSchema>

/** After this part of the time-out a question is sent again. */
const RESEND_PARTS = 4
/** A message of DNS over TCP: two bytes of length before it (RFC 1035 4.2.2). */
const MESSAGE_BYTES_MAX = 65_535
const UINT16 = 65_536

/** A DNS server: does it answer this question as it should? */
export const dnsKind = defineKind({
  kind: 'dns',
  summary: 'A DNS server answers a question, with the expected code and records.',
  params: paramsSchema,
  signals: ({ type }) => [
    latencySignal('From the question to the answer; resolving the server’s own name left out.'),
    {
      name: 'answers',
      unit: 'records',
      scale: 0,
      aggregate: 'median',
      meaning: 'Records of the type in the answer.',
    },
    {
      name: 'ttl',
      unit: 's',
      scale: 0,
      aggregate: 'median',
      meaning: 'The least time to live among them.',
      optional: true,
    },
    ...(type === 'SOA'
      ? [
          {
            name: 'serial',
            unit: 'serial',
            scale: 0,
            aggregate: 'corroborated' as const,
            meaning: 'The zone’s serial number: a server that lags its group serves an old zone.',
            optional: true as const,
          },
        ]
      : []),
  ],
  identities: [
    { name: 'records', meaning: 'SHA-256 of the records, sorted, a line each.', optional: true },
  ],
  outcomes: ['refused', 'timeout', 'dns', 'unreachable', 'reset', 'protocol', 'status', 'content'],
  defaultPolicy: ({ type }, { timeoutMs, group }) =>
    makePolicy([
      slowThreshold(timeoutMs),
      ...(type === 'SOA' && group !== ''
        ? [{ signal: 'serial', lag: 0, severity: 'degraded' as const }]
        : []),
    ]),
  probe,
})

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const id = randomInt(UINT16)
  const question = encode({
    type: 'query',
    id,
    flags: (params.recursion ? RECURSION_DESIRED : 0) | (params.authenticated ? AUTHENTIC_DATA : 0),
    questions: [{ type: params.type, name: params.name, class: 'IN' }],
  })
  const asked = await ask(params, id, question, context)
  if (!asked.ok) return asked.stop
  const latency = context.phases.latencyUs()
  const fault = judgeAnswer(params, asked.value)
  if (fault !== undefined) return fault
  const found = (asked.value.answers ?? []).flatMap((answer) => {
    const text = formatRecord(answer, params.type)
    return text === undefined ? [] : [{ text, answer }]
  })
  const texts = found.map(({ text }) => text).toSorted()
  const ttls = found.flatMap(({ answer }) => ('ttl' in answer ? [answer.ttl ?? 0] : []))
  const serial = found.flatMap(({ answer }) =>
    answer.type === 'SOA' ? [BigInt(answer.data.serial ?? 0)] : [],
  )[0]
  return {
    status: 'reached',
    signals: {
      latency,
      answers: BigInt(found.length),
      ...(ttls.length === 0 ? {} : { ttl: BigInt(Math.min(...ttls)) }),
      ...(serial === undefined ? {} : { serial }),
    },
    identities:
      texts.length === 0
        ? {}
        : {
            records: createHash('sha256')
              .update(texts.map((text) => `${text}\n`).join(''))
              .digest(),
          },
  }
}

/** The server's answer, by UDP unless told otherwise or cut short. */
async function ask(
  { host, port, transport, name, type }: Params,
  id: number,
  question: Buffer,
  { net, timeoutMs }: ProbeContext,
): Promise<Step<DecodedPacket>> {
  const isAnswer = (message: DecodedPacket | undefined) =>
    message !== undefined &&
    message.type === 'response' &&
    message.id === id &&
    message.questions?.length === 1 &&
    message.questions[0]?.type === type &&
    formatName(message.questions[0]?.name ?? '') === formatName(name)

  if (transport === 'udp') {
    const answered = await net.ask(
      { host, port },
      {
        bytes: question,
        accept: (datagram) => isAnswer(decodeMessage(datagram)),
        resendMs: Math.ceil(timeoutMs / RESEND_PARTS),
      },
    )
    if (!answered.ok) return answered
    const message = decodeMessage(answered.value)
    if (message !== undefined && !message.flag_tc) return done(message)
  }
  const answered = await askByTcp({ host, port }, question, net)
  if (!answered.ok) return answered
  const message = decodeMessage(answered.value)
  return message !== undefined && isAnswer(message)
    ? done(message)
    : stopped(failed('protocol', 'no answer to the question that was asked'))
}

async function askByTcp(
  endpoint: { host: string; port: number },
  question: Buffer,
  net: ProbeContext['net'],
): Promise<Step<Buffer>> {
  const connection = await net.connect(endpoint)
  if (!connection.ok) return connection
  const length = Buffer.alloc(2)
  length.writeUInt16BE(question.length)
  connection.value.write(Buffer.concat([length, question]))
  const isWhole = (received: Buffer) =>
    received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)
  const read = await readUntil(
    connection.value,
    net,
    (received) => isWhole(received) || received.length > MESSAGE_BYTES_MAX + 2,
  )
  if (!read.ok) return read
  const { received } = read.value
  connection.value.destroy()
  return isWhole(received)
    ? done(received.subarray(2, 2 + received.readUInt16BE(0)))
    : stopped(failed('reset', 'closed before the answer was complete'))
}

/** A message, or undefined of what is none. */
function decodeMessage(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

function judgeAnswer(params: Params, message: DecodedPacket): Stop | undefined {
  const code = (message.flags ?? 0) & 15
  if (nameResponseCode(code) !== params.rcode) {
    return failed('status', `answered ${nameResponseCode(code)}, not ${params.rcode}`)
  }
  if (message.flag_tc) return failed('protocol', 'cut short over TCP')
  if (params.authoritative && !message.flag_aa) return failed('content', 'not by authority')
  if (params.authenticated && !message.flag_ad) return failed('content', 'not validated')
  const texts = (message.answers ?? []).flatMap((answer) => formatRecord(answer, params.type) ?? [])
  if (params.rcode === 'NOERROR' && texts.length < params.answersMin) {
    return failed('content', `${texts.length} records of type ${params.type}`)
  }
  const missing = params.answers.find((wanted) => !texts.includes(normalize(wanted, params.type)))
  return missing === undefined ? undefined : failed('content', `no record ${missing}`)
}

/** An expected record as {@link formatRecord} writes it: only text is told apart by case. */
function normalize(wanted: string, type: Params['type']): string {
  return type === 'TXT' || type === 'DNSKEY' || type === 'CAA' ? wanted : formatName(wanted)
}
