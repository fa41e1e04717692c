import { type Static, Type } from 'typebox'
import {
  defineKind,
  type KindSignal,
  type ParamsProblem,
  type ProbeAnswer,
  type ProbeContext,
  type Step,
} from '../kind.ts'
import { HEADER_BYTES_MAX, type HttpReply } from '../net/http-exchange.ts'
import { expiryThresholds, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { checkPatterns, patternsSchema, placePatterns } from '../parts/patterns.ts'
import { getPhaseSignals, phaseSignals } from '../parts/phase-signals.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { extraSignal, latencySignal } from '../parts/signals.ts'
import { tlsSignals } from '../parts/tls-signals.ts'
import { askHttp, type HttpAnswer } from '../protocols/http/ask-http.ts'
import {
  getPlainBody,
  headerMatchesNotSchema,
  headerMatchesSchema,
  judgeBody,
  judgeHead,
  looksAtBody,
} from '../protocols/http/judge-reply.ts'
import { codings, undoCoding } from '../protocols/http/undo-coding.ts'
import { done, failed } from '../steps.ts'

const paramsSchema = strictObject({
  url: urlSchema,
  method: Type.Enum(['GET', 'HEAD', 'POST', 'OPTIONS'], { default: 'GET' }),
  body: Type.Optional(
    Type.String({ maxLength: 1024, description: 'Text to send along with a POST.' }),
  ),
  ...accessParams,
  compression: Type.Optional(
    Type.Enum(codings, { description: 'Coding to ask for, which the answer must then be in.' }),
  ),
  status: Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), {
    default: [],
    maxItems: 16,
    description: 'Statuses that are healthy; empty: 200 to 299.',
  }),
  redirects: Type.Integer({
    default: 3,
    minimum: 0,
    maximum: 10,
    description: 'Redirects that are followed; with 0 the first answer is judged as it is.',
  }),
  finalScheme: Type.Optional(
    Type.Enum(['http', 'https'], { description: 'What the answer that is judged must come by.' }),
  ),
  headerMatches: headerMatchesSchema,
  headerMatchesNot: headerMatchesNotSchema,
  contains: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'Text that the body must contain.' }),
  ),
  bodyMatches: patternsSchema('Patterns that the body must match, all of them.'),
  bodyMatchesNot: patternsSchema('Patterns of which the body may match none.'),
  bodyBytesMax: Type.Integer({ default: 262_144, minimum: 0, maximum: 4_194_304 }),
})
type Params = Static<typeof paramsSchema>

/** An HTTP service: does it answer as it should? */
export const httpKind = defineKind({
  kind: 'http',
  summary: 'An HTTP service answers with a healthy status, and the expected headers and body.',
  params: paramsSchema,
  check,
  signals: listSignals,
  identities: [],
  outcomes: [...httpOutcomes, 'content'],
  defaultPolicy: ({ url }, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), ...(isSecure(url) ? expiryThresholds : [])]),
  probe,
})

function isSecure(url: string): boolean {
  return url.toLowerCase().startsWith('https:')
}

function check(params: Params): readonly ParamsProblem[] {
  const { url, headers, method, body, finalScheme, bodyBytesMax } = params
  const bodyPatterns = [
    ...placePatterns('bodyMatches', params.bodyMatches),
    ...placePatterns('bodyMatchesNot', params.bodyMatchesNot),
  ]
  const headerPatterns = (['headerMatches', 'headerMatchesNot'] as const).flatMap((field) =>
    (params[field] ?? []).map(({ pattern }, index) => ({
      path: [field, index, 'pattern'],
      pattern,
    })),
  )
  const ofBody = ['contains', 'compression', 'bodyMatches', 'bodyMatchesNot'] as const
  const asksOfBody = ofBody.filter((field) => (params[field] ?? '').length > 0)
  return [
    ...checkUrl('url', url),
    ...checkHeaders('headers', headers),
    ...(method === 'HEAD' ? asksOfBody : []).map((field) => ({
      path: [field],
      code: 'no-body',
      expected: 'another method: the answer to HEAD has no body',
    })),
    ...(body !== undefined && method !== 'POST'
      ? [{ path: ['body'], code: 'no-body', expected: 'method POST, or no body' }]
      : []),
    ...(finalScheme === 'http' && isSecure(url)
      ? [{ path: ['finalScheme'], code: 'bad-scheme', expected: 'https, as the URL has it' }]
      : []),
    ...checkPatterns(bodyPatterns, Math.max(1, bodyBytesMax)),
    ...checkPatterns(headerPatterns, HEADER_BYTES_MAX),
  ]
}

function listSignals({ url }: Params): readonly KindSignal[] {
  return [
    latencySignal('From the first packet to the last byte of the answer, redirects included.'),
    ...(isSecure(url) ? tlsSignals : []),
    ...phaseSignals(url).map((signal) => ({ ...signal, extra: true as const })),
    extraSignal('status-code', 'status', 'Status of the answer that was judged.'),
    extraSignal('redirects', 'redirects', 'Redirects that were followed.'),
    {
      ...extraSignal('content-length', 'bytes', 'Length that the answer announces of its body.'),
      optional: true,
    },
    extraSignal('body-bytes', 'bytes', 'Bytes of the body, its coding undone if it was asked for.'),
    {
      ...extraSignal('last-modified-age', 's', 'From Last-Modified to the start of the round.'),
      optional: true,
    },
  ]
}

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const { method, body, compression, bodyBytesMax, url, redirects } = params
  const asked = await askHttp(
    {
      url,
      redirects,
      method,
      headers: {
        ...params.headers,
        ...(compression === undefined ? {} : { 'accept-encoding': compression }),
      },
      ...(body === undefined ? {} : { body }),
      bodyBytesMax,
    },
    context,
  )
  if (!asked.ok) return asked.stop
  const { reply, url: place } = asked.value
  const times = getPhaseSignals(context.phases, url)
  if (params.finalScheme !== undefined && place.protocol !== `${params.finalScheme}:`) {
    return failed('redirect', `answered by ${place.protocol} not ${params.finalScheme}`)
  }
  const fault = judgeHead(params, reply, context)
  if (fault !== undefined) return fault
  const read = await readBody(params, reply)
  if (!read.ok) return read.stop
  const bodyFault = judgeBody(params, read.value, context)
  if (bodyFault !== undefined) return bodyFault
  return {
    status: 'reached',
    signals: { ...times, ...readSignals(asked.value, read.value.length, context) },
    identities: {},
  }
}

async function readBody(params: Params, reply: HttpReply): Promise<Step<Buffer>> {
  if (params.compression !== undefined) {
    return undoCoding(reply, params.compression, params.bodyBytesMax)
  }
  return looksAtBody(params) ? getPlainBody(reply) : done(reply.body)
}

function readSignals(
  { reply, redirects, tlsSignals: ofTls }: HttpAnswer,
  bodyBytes: number,
  { roundStartMs }: ProbeContext,
): Record<string, bigint> {
  const announced = reply.headers.get('content-length') ?? ''
  const modifiedMs = Date.parse(reply.headers.get('last-modified') ?? '')
  return {
    ...ofTls,
    'status-code': BigInt(reply.status),
    redirects: BigInt(redirects),
    'body-bytes': BigInt(bodyBytes),
    ...(/^\d{1,15}$/.test(announced) ? { 'content-length': BigInt(announced) } : {}),
    ...(Number.isSafeInteger(modifiedMs)
      ? { 'last-modified-age': BigInt(Math.floor((roundStartMs - modifiedMs) / 1000)) }
      : {}),
  }
}
