import type { ProbeContext, Step } from '../kind.ts'
import { judgeStatus } from '../net/faults.ts'
import { makeHttpSession } from '../net/http-session.ts'
import { done, failed, stopped } from '../steps.ts'

/** Bytes of one answer. */
const ANSWER_BYTES_MAX = 1_048_576

/** What a server answered: its status, and the JSON of an answer whose status is 200 to 299. */
export interface RestAnswer {
  readonly status: number
  readonly isSuccess: boolean
  /** Undefined where the answer is no success. */
  readonly json: unknown
}

/** An HTTP API with JSON in its bodies, one call at a time. */
export interface RestApi {
  get(path: string): Promise<Step<RestAnswer>>
  post(path: string, body: unknown): Promise<Step<RestAnswer>>
  /** Only the status counts; the body may be anything. */
  getStatus(path: string): Promise<Step<number>>
  close(): void
}

/** Paths are appended to the URL's own, and its query to theirs. Calls share a connection. */
export function makeRestApi(
  url: URL,
  headers: Readonly<Record<string, string>>,
  context: ProbeContext,
): RestApi {
  const session = makeHttpSession(url, context)
  const prefix = url.pathname.replace(/\/$/, '')

  async function request(method: 'GET' | 'POST', path: string, body?: string) {
    const query = path.includes('?') ? url.search.replace('?', '&') : url.search
    const answered = await session.request({
      method,
      path: `${prefix}${path}${query}`,
      headers: {
        accept: 'application/json',
        'user-agent': 'watchfire',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      bodyBytesMax: ANSWER_BYTES_MAX,
    })
    if (!answered.ok) return answered
    const { status } = answered.value
    // An API is not looked for where a server points.
    if (status >= 300 && status <= 399) return stopped(failed('redirect', `status ${status}`))
    return status === 401 || status === 403 ? stopped(judgeStatus(status)) : answered
  }

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
  ): Promise<Step<RestAnswer>> {
    const answered = await request(method, path, body)
    if (!answered.ok) return answered
    const { status, body: bytes } = answered.value
    if (status < 200 || status > 299) return done({ status, isSuccess: false, json: undefined })
    try {
      return done({ status, isSuccess: true, json: JSON.parse(bytes.toString('utf8')) })
    } catch (error) {
      return stopped(failed('protocol', `no JSON: ${String(error)}`))
    }
  }

  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, JSON.stringify(body)),
    async getStatus(path) {
      const answered = await request('GET', path)
      return answered.ok ? done(answered.value.status) : answered
    },
    close: () => session.close(),
  }
}

/** The JSON of a call that must succeed. */
export async function getJson(api: RestApi, path: string): Promise<Step<unknown>> {
  const answered = await api.get(path)
  if (!answered.ok) return answered
  const { isSuccess, json, status } = answered.value
  return isSuccess ? done(json) : stopped(judgeStatus(status))
}
