import { makeHttpApp } from '../../../packages/node/src/http/http-app.ts'
import { type ProblemCode, problems } from '../../../packages/node/src/http/problem.ts'
import { makeMetrics } from '../../../packages/node/src/metrics/metrics.ts'
import { makeChain } from '../../../packages/node/test/http/chain-fixture.ts'
import {
  makeFakeSource,
  makeManualClock,
} from '../../../packages/node/test/http/feed-source-fixture.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget, type Outcome } from '../target.ts'
import { fromUtf8, toUtf8 } from '../text.ts'

const ODD_NUMBERS = [
  '0',
  '1',
  '6',
  '7',
  '-1',
  '1.5',
  '1e3',
  '1e308',
  '9007199254740993',
  '0x1',
  '%31',
]
const ODD_TEXTS = ['web', 'm1', '', '%', '%00', '%2e%2e', '%ff', '..', '__proto__', 'a'.repeat(200)]
const KEYS = ['height', 'round', 'limit', 'after', 'cursor', 'monitor', 'target', 'from', 'to', 'x']
const CURSORS = ['WzEsMl0', 'WzFd', 'e30', 'W10', 'WzFlMzA4LDFd', '!!', 'bnVsbA']
const METHODS = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE', 'PUT']
const HEADERS = [
  'accept: application/json',
  'accept: application/octet-stream',
  'accept: text/html;q=2, */*;q=x',
  'accept: ,;,',
  'if-none-match: *',
  'if-none-match: "a", W/"b", c',
  'last-event-id: 3',
  'last-event-id: -9e99',
  'host: evil.example',
  'origin: http://evil.example',
  'range: bytes=0-',
  'content-length: 5',
]

interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** An input is the text of a request: method and target, then one header a line. */
function readRequest(input: Uint8Array): Request {
  const [first = '', ...lines] = fromUtf8(input).split('\n')
  const [method = 'GET', url = '/'] = first.split(' ')
  const headers: Record<string, string> = { host: '127.0.0.1' }
  for (const line of lines) {
    const [name, ...value] = line.split(': ')
    // What Node's parser would not let through does not reach a route.
    if (name === undefined || !/^[a-z-]{1,40}$/.test(name)) continue
    headers[name] = value.join(': ').replace(/[^\x20-\x7e]/g, '')
  }
  const known = METHODS.includes(method) ? method : 'GET'
  const visible = url.replace(/[^\x21-\x7e]/g, '')
  // Two slashes begin a host to the injector, which is not what is tested here.
  return { method: known, url: `/${visible.replace(/^[/\\]+/, '')}`, headers }
}

function drawRequest(prng: Prng, urls: readonly string[]): Uint8Array {
  const path = prng
    .pick(urls)
    .replace(/:[a-z]+|\*/gi, () => prng.pick(prng.chance(600) ? ODD_NUMBERS : ODD_TEXTS))
  const query = Array.from({ length: prng.pick([0, 0, 1, 1, 2, 4]) }, () => {
    const value = prng.pick([ODD_NUMBERS, ODD_TEXTS, CURSORS][prng.between(0, 2)] ?? ODD_TEXTS)
    return `${prng.pick(KEYS)}=${value}`
  })
  const headers = Array.from({ length: prng.pick([0, 0, 1, 2]) }, () => prng.pick(HEADERS))
  const target = query.length === 0 ? path : `${path}?${query.join('&')}`
  const bytes = toUtf8([`${prng.pick(METHODS)} ${target}`, ...headers].join('\n'))
  return prng.chance(200) ? mutateBytes(prng, bytes) : bytes
}

const HEIGHT = 6
const STATUSES = [200, 204, 304]

/** Queries, paths and headers of readers, through every route of the surface. */
export const httpRoutes: FuzzTarget = {
  name: 'http-routes',
  codes: (Object.keys(problems) as ProblemCode[]).filter((code) => code !== 'internal'),
  share: 0.5,
  async open() {
    const chain = makeChain([1, 2, 5, 6, 7, 8].map((round) => ({ round })))
    const { originMs, roundMs } = chain.context.parameters
    const clock = makeManualClock(originMs + 8 * roundMs + 1500)
    const source = makeFakeSource(chain, clock)
    source.reach(HEIGHT)
    const errors: string[] = []
    const quiet = () => undefined
    const error = (fields: object, message: string) => {
      errors.push(`${message} ${JSON.stringify(fields)}`)
    }
    const { app, routes, close } = await makeHttpApp({
      source,
      metrics: makeMetrics({ processMetrics: false }),
      clock,
      log: { debug: quiet, info: quiet, warn: quiet, error, fatal: error },
      host: '127.0.0.1',
      requestsPerMinute: Number.MAX_SAFE_INTEGER,
      events: { subscribersMax: 8, subscribersPerAddressMax: 8, bufferBytesMax: 65_536 } as never,
    })
    // An event stream has no end to wait for; its own tests read it.
    const urls = routes.map(({ url }) => url).filter((url) => url !== '/v1/events')

    return {
      draw: (prng) => drawRequest(prng, urls),
      async run(input): Promise<Outcome> {
        const request = readRequest(input)
        if (/events/i.test(decodeLeniently(request.url))) return { code: 'not-found' }
        const { method, url, headers } = request
        const answer = await app.inject({ method: method as 'GET', url, headers })
        check(errors.length === 0, `the node failed: ${errors.splice(0).join()}`)
        const { statusCode } = answer
        const type = answer.headers['content-type'] ?? ''
        const isRead = STATUSES.includes(statusCode)
        if (isRead) {
          if (type.startsWith('application/json') && method === 'GET') JSON.parse(answer.body)
          // Metrics count the very requests, so that the next answer is another.
          const length = url.startsWith('/metrics') ? '' : answer.body.length
          return { code: 'accepted', trace: `${statusCode} ${type} ${length}` }
        }
        if (method === 'HEAD') return { code: 'not-found', trace: String(statusCode) }
        check(type.startsWith('application/problem+json'), `${statusCode} as ${type}`)
        const { code, status } = JSON.parse(answer.body) as { code: string; status: number }
        check(status === statusCode, `status ${statusCode} says ${status}`)
        return { code, trace: String(statusCode) }
      },
      close,
    }
  },
}

function decodeLeniently(url: string): string {
  try {
    return decodeURIComponent(url)
  } catch {
    // A malformed escape is the server's to refuse.
    return url
  }
}
