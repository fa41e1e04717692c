import type { ProbeContext, Step, Stop } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { makeHttpTransport, makeWebSocketTransport } from './json-rpc-transport.ts'

/** The error that a server gave instead of a result. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly hasData: boolean
  /** Whatever the server adds to it. */
  readonly data: unknown
}

/** What a server gave for a call. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: RpcError }

/** JSON-RPC 2.0, one call at a time. */
export interface JsonRpc {
  /** The server's error is an answer too; only a call that got none stops the probe. */
  call(method: string, params: readonly unknown[]): Promise<Step<RpcAnswer>>
  close(): void
}

/**
 * Asks by HTTP POST, or over a WebSocket, as the URL's scheme says. Calls share a connection; batches
 * would save round trips, but many providers refuse them.
 *
 * @param url - http, https, ws or wss
 */
export function makeJsonRpc(
  url: URL,
  headers: Readonly<Record<string, string>>,
  context: ProbeContext,
): JsonRpc {
  const make = url.protocol.startsWith('ws') ? makeWebSocketTransport : makeHttpTransport
  const transport = make(url, headers, context)
  let calls = 0

  return {
    async call(method, params) {
      const id = ++calls
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
      return transport.exchange(body, (message) => readAnswer(message, id))
    },
    close: () => transport.close(),
  }
}

/** @returns undefined of what answers no call, or another one */
function readAnswer(bytes: Buffer, id: number): Step<RpcAnswer> | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    return stopped(failed('protocol', `no JSON: ${String(error)}`))
  }
  if (!isRecord(answer) || answer['id'] !== id) return undefined
  const { error } = answer
  if (isRecord(error)) {
    const { code, message, data } = error
    return done({
      ok: false,
      error: {
        code: typeof code === 'number' ? code : 0,
        message: typeof message === 'string' ? message : 'no message',
        hasData: typeof data === 'string' && data !== '',
        data,
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
