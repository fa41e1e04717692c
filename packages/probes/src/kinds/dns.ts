import { createHash, randomInt } from 'node:crypto'
import { AUTHENTIC_DATA, type DecodedPacket, encode, RECURSION_DESIRED } from 'dns-packet'
import { type Static, Type } from 'typebox'
import {
  defineKind,
  type KindSignal,
  type PolicyBasis,
  type PolicyFile,
  type ProbeAnswer,
  type ProbeContext,
  type Stop,
} from '../kind.ts'
import { connectionOutcomes } from '../parts/connection-outcomes.ts'
import { expiryThresholds, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { hostSchema, servernameSchema, strictObject } from '../parts/schemas.ts'
import { extraSignal, latencySignal } from '../parts/signals.ts'
import { tlsSignals } from '../parts/tls-signals.ts'
import { askDns, getResponseCode } from '../protocols/dns/dns-question.ts'
import {
  formatName,
  formatRecord,
  nameResponseCode,
  recordTypes,
  responseCodes,
} from '../protocols/dns/dns-records.ts'
import { checkRules, judgeSections, sectionSchema } from '../protocols/dns/dns-rules.ts'
import { failed } from '../steps.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65_535, description: '53, or 853 over TLS.' }),
  ),
  name: Type.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[A-Za-z0-9._*-]+$',
    examples: ['example.com'],
    description: 'Name to ask for.',
  }),
  type: Type.Enum(recordTypes, { default: 'A', description: 'Type of record to ask for.' }),
  transport: Type.Enum(['udp', 'tcp', 'tls'], {
    default: 'udp',
    description: 'udp goes on over tcp where the answer is cut short.',
  }),
  servername: servernameSchema,
  recursion: Type.Boolean({ default: true, description: 'Whether the server is to ask others.' }),
  rcodes: Type.Array(Type.Enum(responseCodes), {
    default: ['NOERROR'],
    minItems: 1,
    maxItems: 6,
    uniqueItems: true,
    description: 'Response codes that are healthy.',
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
  answer: sectionSchema,
  authority: sectionSchema,
  additional: sectionSchema,
})
type Params = Static<typeof paramsSchema>

const UINT16 = 65_536
const PORT = 53
const PORT_OF_TLS = 853

/** A DNS server: does it answer this question as it should? */
export const dnsKind = defineKind({
  kind: 'dns',
  summary: 'A DNS server answers a question, with the expected code and records.',
  params: paramsSchema,
  check: checkRules,
  signals: listSignals,
  identities: [
    { name: 'records', meaning: 'SHA-256 of the records, sorted, a line each.', optional: true },
  ],
  outcomes: [...connectionOutcomes, 'protocol', 'status', 'content'],
  defaultPolicy,
  probe,
})

function listSignals({ type, transport }: Params): readonly KindSignal[] {
  return [
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
    ...(transport === 'tls' ? tlsSignals : []),
    extraSignal('authority-records', 'records', 'Records in the section about authority.'),
    extraSignal('additional-records', 'records', 'Records that are sent along.'),
  ]
}

function defaultPolicy({ type, transport }: Params, { timeoutMs, group }: PolicyBasis): PolicyFile {
  return makePolicy([
    slowThreshold(timeoutMs),
    ...(type === 'SOA' && group !== ''
      ? [{ signal: 'serial', lag: 0, severity: 'degraded' as const }]
      : []),
    ...(transport === 'tls' ? expiryThresholds : []),
  ])
}

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const { host, transport, name, type } = params
  const id = randomInt(UINT16)
  const bytes = encode({
    type: 'query',
    id,
    flags: (params.recursion ? RECURSION_DESIRED : 0) | (params.authenticated ? AUTHENTIC_DATA : 0),
    questions: [{ type, name, class: 'IN' }],
  })
  const port = params.port ?? (transport === 'tls' ? PORT_OF_TLS : PORT)
  const servername = params.servername ?? host
  const asked = await askDns({ host, port, transport, servername, id, name, type, bytes }, context)
  if (!asked.ok) return asked.stop
  context.phases.end()
  const latency = context.phases.latencyUs()
  const { message, tlsSignals: ofTls } = asked.value
  const fault = judgeAnswer(params, message) ?? judgeSections(params, message, context)
  if (fault !== undefined) return fault
  const { signals, identities } = readRecords(params, message)
  return { status: 'reached', signals: { latency, ...signals, ...ofTls }, identities }
}

function readRecords({ type }: Params, message: DecodedPacket) {
  const found = (message.answers ?? []).flatMap((answer) => {
    const text = formatRecord(answer, type)
    return text === undefined ? [] : [{ text, answer }]
  })
  const texts = found.map(({ text }) => text).toSorted()
  const ttls = found.flatMap(({ answer }) => ('ttl' in answer ? [answer.ttl ?? 0] : []))
  const serial = found.flatMap(({ answer }) =>
    answer.type === 'SOA' ? [BigInt(answer.data.serial ?? 0)] : [],
  )[0]
  return {
    signals: {
      answers: BigInt(found.length),
      ...(ttls.length === 0 ? {} : { ttl: BigInt(Math.min(...ttls)) }),
      ...(serial === undefined ? {} : { serial }),
      'authority-records': BigInt(message.authorities?.length ?? 0),
      'additional-records': BigInt(message.additionals?.length ?? 0),
    },
    identities: texts.length === 0 ? {} : { records: hashLines(texts) },
  }
}

function hashLines(lines: readonly string[]): Uint8Array {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest()
}

function judgeAnswer(params: Params, message: DecodedPacket): Stop | undefined {
  const rcode = nameResponseCode(getResponseCode(message))
  if (!params.rcodes.some((each) => each === rcode)) {
    return failed('status', `answered ${rcode}, not ${params.rcodes.join(' or ')}`)
  }
  if (message.flag_tc) return failed('protocol', 'cut short over TCP')
  if (params.authoritative && !message.flag_aa) return failed('content', 'not by authority')
  if (params.authenticated && !message.flag_ad) return failed('content', 'not validated')
  const texts = (message.answers ?? []).flatMap((answer) => formatRecord(answer, params.type) ?? [])
  if (rcode === 'NOERROR' && texts.length < params.answersMin) {
    return failed('content', `${texts.length} records of type ${params.type}`)
  }
  const missing = params.answers.find((wanted) => !texts.includes(normalize(wanted, params.type)))
  return missing === undefined ? undefined : failed('content', `no record ${missing}`)
}

/** An expected record as {@link formatRecord} writes it: only text is told apart by case. */
function normalize(wanted: string, type: Params['type']): string {
  return type === 'TXT' || type === 'DNSKEY' || type === 'CAA' ? wanted : formatName(wanted)
}
