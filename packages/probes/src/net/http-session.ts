import type { ProbeContext, Step, Stop } from '../kind.ts'
import {
  type HttpExchange,
  type HttpReply,
  type HttpRequest,
  openExchange,
} from './http-exchange.ts'

/** Requests of one probe to one server, over as few connections as the server lets it be. */
export interface HttpSession {
  /** One at a time. What is asked only reads, so that asking twice does no harm. */
  request(request: HttpRequest): Promise<Step<HttpReply>>
  close(): void
}

/**
 * Keeps a connection from one request to the next, and never beyond the probe (docs/adr/0018). Each is
 * opened by the probe's own network: resolved, judged and secured anew.
 *
 * A server may close a kept connection at any moment, also as a request is on its way. It did not
 * refuse that request, it did not see it (RFC 9112 9.3.1): the request goes once more, on a connection
 * of its own, and what that comes to counts.
 *
 * @param url - http or https
 */
export function makeHttpSession(url: URL, context: ProbeContext): HttpSession {
  let kept: HttpExchange | undefined

  function drop(): void {
    kept?.close()
    kept = undefined
  }

  async function askOn(exchange: HttpExchange, request: HttpRequest): Promise<Step<HttpReply>> {
    kept = exchange
    const answered = await exchange.request(request)
    if (!answered.ok || !exchange.isOpen()) drop()
    return answered
  }

  async function askAnew(request: HttpRequest): Promise<Step<HttpReply>> {
    const opened = await openExchange(url, context)
    return opened.ok ? askOn(opened.value, request) : opened
  }

  return {
    async request(request) {
      if (kept?.isOpen() === false) drop()
      if (kept === undefined) return askAnew(request)
      const exchange = kept
      const answered = await askOn(exchange, request)
      return !answered.ok && isStale(answered.stop, exchange) ? askAnew(request) : answered
    },
    close: drop,
  }
}

/** Whether a connection was closed under a request that the server has not begun to answer. */
function isStale(stop: Stop, exchange: HttpExchange): boolean {
  return stop.status === 'failed' && stop.outcome === 'reset' && !exchange.hasAnswerBegun()
}
