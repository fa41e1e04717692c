import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Step, type Stop } from '../kind.ts'
import { judgeStatus } from '../net/faults.ts'
import { type HttpExchange, type HttpReply, openExchange } from '../net/http-exchange.ts'
import { done, failed, stopped } from '../steps.ts'
import { expiryThreshold, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { expirySignal, latencySignal, readCertificate } from '../parts/signals.ts'

const paramsSchema = strictObject({
  url: urlSchema,
  method: Type.Union([Type.Literal('GET'), Type.Literal('HEAD')], { default: 'GET' }),
  ...accessParams,
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
  contains: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'Text that the body must contain.' }),
  ),
  bodyBytesMax: Type.Integer({ default: 262_144, minimum: 0, maximum: 4_194_304 }),
})
type Params = Static<typeof paramsSchema>

const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** An HTTP service: does it answer as it should? */
export const httpKind = defineKind({
  kind: 'http',
  summary: 'An HTTP service answers with a healthy status, and the expected text.',
  params: paramsSchema,
  check: ({ url, headers, method, contains }) => [
    ...checkUrl('url', url),
    ...checkHeaders('headers', headers),
    ...(method === 'HEAD' && contains !== undefined
      ? [{ path: ['contains'], code: 'no-body', expected: 'method GET, since HEAD has no body' }]
      : []),
  ],
  signals: ({ url }) => [
    latencySignal('From the first packet to the last byte of the answer, redirects included.'),
    ...(isSecure(url) ? [expirySignal] : []),
  ],
  identities: [],
  outcomes: [...httpOutcomes, 'content'],
  defaultPolicy: ({ url }, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), ...(isSecure(url) ? [expiryThreshold] : [])]),
  probe,
})

function isSecure(url: string): boolean {
  return url.toLowerCase().startsWith('https:')
}

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  let url = new URL(params.url)
  const { origin } = url
  let expiresIn: bigint | undefined
  for (let hop = 0; ; hop++) {
    const opened = await openExchange(url, context)
    if (!opened.ok) return opened.stop
    const exchange = opened.value
    if (hop === 0) {
      const expiry = readExpiry(exchange, context)
      if (!expiry.ok) return expiry.stop
      expiresIn = expiry.value
    }
    const answered = await exchange.request({
      method: params.method,
      path: `${url.pathname}${url.search}`,
      headers: {
        'user-agent': 'watchfire',
        // What is meant for one origin may be a credential there.
        ...(url.origin === origin ? params.headers : {}),
      },
      bodyBytesMax: params.bodyBytesMax,
    })
    exchange.close()
    if (!answered.ok) return answered.stop
    const reply = answered.value
    if (params.redirects === 0 || !REDIRECTS.has(reply.status)) {
      const fault = judgeReply(params, reply)
      if (fault !== undefined) return fault
      return {
        status: 'reached',
        signals: {
          latency: context.phases.latencyUs(),
          ...(expiresIn === undefined ? {} : { 'expires-in': expiresIn }),
        },
        identities: {},
      }
    }
    if (hop === params.redirects) return failed('redirect', `more than ${hop} redirects`)
    const next = readRedirect(url, reply)
    if (!next.ok) return next.stop
    url = next.value
  }
}

function readExpiry(
  { secured }: HttpExchange,
  { roundStartMs }: ProbeContext,
): Step<bigint | undefined> {
  if (secured === undefined) return done(undefined)
  const certificate = readCertificate(secured, roundStartMs)
  return certificate.ok ? done(certificate.value.expiresIn) : certificate
}

/** Where an answer leads: over HTTP, and never from a secured connection to an open one. */
function readRedirect(from: URL, reply: HttpReply): Step<URL> {
  const location = reply.headers.get('location')
  if (location === undefined) return stopped(failed('redirect', `${reply.status}, and no location`))
  if (!URL.canParse(location, from.href)) {
    return stopped(failed('redirect', `location ${location} is no URL`))
  }
  const url = new URL(location, from.href)
  if (url.protocol !== 'https:' && (url.protocol !== 'http:' || from.protocol === 'https:')) {
    return stopped(failed('redirect', `from ${from.protocol} to ${url.protocol}`))
  }
  return url.port === '0' ? stopped(failed('redirect', 'to port 0')) : done(url)
}

function judgeReply({ status, contains }: Params, reply: HttpReply): Stop | undefined {
  const isHealthy =
    status.length > 0 ? status.includes(reply.status) : reply.status >= 200 && reply.status <= 299
  if (!isHealthy) return judgeStatus(reply.status)
  if (contains === undefined) return undefined
  const coding = reply.headers.get('content-encoding') ?? 'identity'
  if (coding !== 'identity') {
    return failed('protocol', `answered in ${coding}, which was not asked for`)
  }
  return reply.body.includes(contains)
    ? undefined
    : failed('content', 'the text is not in the body')
}
