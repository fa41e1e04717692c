import type { ProbeContext, Step, Stop } from '../kind.ts'
import { type HttpExchange, type HttpReply, openExchange } from '../net/http-exchange.ts'
import { done, failed, stopped } from '../steps.ts'
import { judgeStatus } from './http-outcomes.ts'

/** Bytes of one answer: a block's header with the hashes of some 10,000 transactions. */
const ANSWER_BYTES_MAX = 1_048_576

/** The error that a server gave instead of a result. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly hasData: boolean
}

/** What a server gave for a call. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: RpcError }

/** JSON-RPC 2.0 over HTTP POST, one call at a time. */
export interface JsonRpc {
  /** The server's error is an answer too; only a call that got none stops the probe. */
  call(method: string, params: readonly unknown[]): Promise<Step<RpcAnswer>>
  close(): void
}

/**
 * Calls share a connection as long as the server keeps it. Batches would save round trips, but many
 * providers refuse them.
 */
export function makeJsonRpc(
  url: URL,
  headers: Readonly<Record<string, string>>,
  context: ProbeContext,
): JsonRpc {
  let exchange: HttpExchange | undefined
  let calls = 0

  return {
    async call(method, params) {
      if (exchange === undefined) {
        const opened = await openExchange(url, context)
        if (!opened.ok) return opened
        exchange = opened.value
      }
      const id = ++calls
      const answered = await exchange.request({
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        headers: { 'content-type': 'application/json', 'user-agent': 'watchfire', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
        bodyBytesMax: ANSWER_BYTES_MAX,
      })
      if (!answered.ok) return answered
      if (!exchange.isOpen()) {
        exchange.close()
        exchange = undefined
      }
      return readAnswer(answered.value, id)
    },
    close: () => exchange?.close(),
  }
}

function readAnswer({ status, body }: HttpReply, id: number): Step<RpcAnswer> {
  // A POST is not sent on to where a server points.
  if (status >= 300 && status <= 399) return stopped(failed('redirect', `status ${status}`))
  if (status < 200 || status > 299) return stopped(judgeStatus(status))
  let answer: unknown
  try {
    answer = JSON.parse(body.toString('utf8'))
  } catch (error) {
    return stopped(failed('protocol', `no JSON: ${String(error)}`))
  }
  if (!isRecord(answer) || answer['id'] !== id) {
    return stopped(failed('protocol', 'no answer to the call that was made'))
  }
  const { error } = answer
  if (isRecord(error)) {
    const { code, message, data } = error
    return done({
      ok: false,
      error: {
        code: typeof code === 'number' ? code : 0,
        message: typeof message === 'string' ? message : 'no message',
        hasData: typeof data === 'string' && data !== '',
      },
    })
  }
  return 'result' in answer
    ? done({ ok: true, result: answer['result'] })
    : stopped(failed('protocol', 'neither result nor error'))
}

/** The result of a call that must have one. */
export async function callForResult(
  rpc: JsonRpc,
  method: string,
  params: readonly unknown[],
): Promise<Step<unknown>> {
  const answered = await rpc.call(method, params)
  if (!answered.ok) return answered
  return answered.value.ok
    ? done(answered.value.result)
    : stopped(judgeRpcError(method, answered.value.error))
}

/** What the error of a call that any server of its sort must know says. */
export function judgeRpcError(method: string, { code, message }: RpcError): Stop {
  const detail = `${method}: error ${code}, ${message}`
  // EIP-1474: limit exceeded. A quota is the provider's answer, like HTTP 429.
  return failed(code === -32005 ? 'status' : 'protocol', detail)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
