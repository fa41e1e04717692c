import type { ProbeContext, Step, Stop } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
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

/** A method with its parameters. */
export interface RpcCall {
  readonly method: string
  readonly params: readonly unknown[]
}

/** JSON-RPC 2.0, one request at a time. */
export interface JsonRpc {
  /** The server's error is an answer too; only a call that got none stops the probe. */
  call(method: string, params: readonly unknown[]): Promise<Step<RpcAnswer>>
  /**
   * Makes calls in one request (JSON-RPC 2.0, 6).
   *
   * @returns answers in the order of the calls; of one that the server left out, an error. Undefined
   * where it answered the batch as a whole with an error: many providers take none
   */
  batch(calls: readonly RpcCall[]): Promise<Step<readonly RpcAnswer[] | undefined>>
  close(): void
}

/**
 * Asks by HTTP POST, or over a WebSocket, as the URL's scheme says. Requests share a connection.
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

  const write = ({ method, params }: RpcCall) => ({ jsonrpc: '2.0', id: ++calls, method, params })

  return {
    call(method, params) {
      const request = write({ method, params })
      return transport.exchange(JSON.stringify(request), (message) => {
        const answer = parse(message)
        return answer.ok ? readAnswer(answer.value, request.id) : answer
      })
    },
    batch(list) {
      const requests = list.map(write)
      const ids = requests.map(({ id }) => id)
      return transport.exchange(JSON.stringify(requests), (message) => {
        const answer = parse(message)
        return answer.ok ? readBatch(answer.value, ids) : answer
      })
    },
    close: () => transport.close(),
  }
}

function parse(bytes: Buffer): Step<unknown> {
  try {
    return done(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    return stopped(failed('protocol', `no JSON: ${String(error)}`))
  }
}

/** @returns undefined of what answers no call, or another one */
function readAnswer(answer: unknown, id: number): Step<RpcAnswer> | undefined {
  if (!isRecord(answer) || answer['id'] !== id) return undefined
  const { error } = answer
  if (isRecord(error)) return done({ ok: false, error: readError(error) })
  return 'result' in answer
    ? done({ ok: true, result: answer['result'] })
    : stopped(failed('protocol', 'neither result nor error'))
}

function readError({ code, message, data }: Record<string, unknown>): RpcError {
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : 'no message',
    hasData: typeof data === 'string' && data !== '',
    data,
  }
}

/** What takes the place of an answer that is not there. */
export function missingAnswer(message: string): RpcAnswer {
  return { ok: false, error: { code: 0, message, hasData: false, data: undefined } }
}

/**
 * Answers of a batch may come in any order.
 *
 * @returns undefined of what answers none of its calls; an undefined value where it is refused
 */
function readBatch(
  answer: unknown,
  ids: readonly number[],
): Step<readonly RpcAnswer[] | undefined> | undefined {
  if (!Array.isArray(answer)) {
    const isRefused = isRecord(answer) && isRecord(answer['error'])
    return isRefused ? done(undefined) : undefined
  }
  // Of two answers to one call the first counts.
  const byId = new Map<unknown, unknown>()
  for (const one of answer as unknown[]) {
    if (isRecord(one) && !byId.has(one['id'])) byId.set(one['id'], one)
  }
  if (!ids.some((id) => byId.has(id))) return undefined
  const answers: RpcAnswer[] = []
  for (const id of ids) {
    const read = readAnswer(byId.get(id), id) ?? done(missingAnswer('left out of the batch'))
    if (!read.ok) return read
    answers.push(read.value)
  }
  return done(answers)
}

/** The result of a call that must have one. */
export async function callForResult(
  rpc: JsonRpc,
  method: string,
  params: readonly unknown[],
): Promise<Step<unknown>> {
  const answered = await rpc.call(method, params)
  return answered.ok ? getResult(method, answered.value) : answered
}

/** The result in the answer to a call that must have one. */
export function getResult(method: string, answer: RpcAnswer | undefined): Step<unknown> {
  if (answer === undefined) return stopped(failed('protocol', `${method}: not answered`))
  return answer.ok ? done(answer.result) : stopped(judgeRpcError(method, answer.error))
}

/** EIP-1474: a quota is used up. */
export const LIMIT_EXCEEDED = -32_005

/** What the error of a call that any server of its sort must know says. */
export function judgeRpcError(method: string, { code, message }: RpcError): Stop {
  const detail = `${method}: error ${code}, ${message}`
  // A quota is the provider's answer, like HTTP 429.
  return failed(code === LIMIT_EXCEEDED ? 'status' : 'protocol', detail)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
