import type { ProbeContext, Step } from '../kind.ts'
import { judgeStatus } from '../net/faults.ts'
import { openExchange } from '../net/http-exchange.ts'
import { done, failed, stopped } from '../steps.ts'

/** What to get, once. */
export interface GetRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly accept: string
  readonly bodyBytesMax: number
}

/** Gets a body over a connection of its own. A redirect is not followed: its outcome is `redirect`. */
export async function getBody(request: GetRequest, context: ProbeContext): Promise<Step<Buffer>> {
  const url = new URL(request.url)
  const opened = await openExchange(url, context)
  if (!opened.ok) return opened
  const answered = await opened.value.request({
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { 'user-agent': 'watchfire', accept: request.accept, ...request.headers },
    bodyBytesMax: request.bodyBytesMax,
  })
  opened.value.close()
  if (!answered.ok) return answered
  const { status, body } = answered.value
  if (status >= 300 && status <= 399) return stopped(failed('redirect', `status ${status}`))
  return status < 200 || status > 299 ? stopped(judgeStatus(status)) : done(body)
}
