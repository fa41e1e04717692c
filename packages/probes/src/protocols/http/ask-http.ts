import type { ProbeContext, Step } from '../../kind.ts'
import { type HttpReply, type HttpRequest, openExchange } from '../../net/http-exchange.ts'
import { readTls } from '../../parts/tls-signals.ts'
import { done, failed, stopped } from '../../steps.ts'

/** What to ask, and how far to follow where it leads. */
export interface HttpQuestion extends Omit<HttpRequest, 'path'> {
  readonly url: string
  /** Redirects that are followed; with 0 the first answer is the answer. */
  readonly redirects: number
}

/** The answer that redirects led to. */
export interface HttpAnswer {
  readonly reply: HttpReply
  /** Where it came from. */
  readonly url: URL
  readonly redirects: number
  /** Of the connection to the question's own host, where that was secured. */
  readonly tlsSignals: Readonly<Record<string, bigint>>
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** After these a client asks by GET (RFC 9110 15.4): what was posted is not posted again. */
const TO_GET = new Set([301, 302, 303])

/** Asks, each server over a connection of its own, and follows redirects. */
export async function askHttp(
  question: HttpQuestion,
  context: ProbeContext,
): Promise<Step<HttpAnswer>> {
  let url = new URL(question.url)
  const { origin } = url
  let request: Omit<HttpRequest, 'path'> = question
  let tlsSignals: HttpAnswer['tlsSignals'] = {}
  for (let hop = 0; ; hop++) {
    const opened = await openExchange(url, context)
    if (!opened.ok) return opened
    const exchange = opened.value
    if (hop === 0 && exchange.secured !== undefined) {
      const read = readTls(exchange.secured, context)
      if (!read.ok) return read
      tlsSignals = read.value.signals
    }
    const answered = await exchange.request({
      ...request,
      path: `${url.pathname}${url.search}`,
      headers: {
        'user-agent': 'watchfire',
        // What is meant for one origin may be a credential there.
        ...(url.origin === origin ? request.headers : {}),
      },
    })
    exchange.close()
    if (!answered.ok) return answered
    const reply = answered.value
    if (question.redirects === 0 || !REDIRECTS.has(reply.status)) {
      return done({ reply, url, redirects: hop, tlsSignals })
    }
    if (hop === question.redirects) {
      return stopped(failed('redirect', `more than ${hop} redirects`))
    }
    const next = readRedirect(url, reply)
    if (!next.ok) return next
    url = next.value
    if (request.method === 'POST' && TO_GET.has(reply.status)) request = toGet(request)
  }
}

function toGet({ headers, bodyBytesMax }: Omit<HttpRequest, 'path'>): Omit<HttpRequest, 'path'> {
  return { method: 'GET', headers, bodyBytesMax }
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
