import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Client, type Dispatcher } from 'undici'
import type { ProbeContext, Step, Stop } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { connectUrl } from './connect-url.ts'
import { judgeHttpError } from './faults.ts'
import { watchWire, type Wire } from './wire.ts'

/** Bytes of an answer's header; more is `too-large`. */
export const HEADER_BYTES_MAX = 16_384
/** Made once: where undici has none it makes one, and that costs more than the request. */
const CLOSED = new Error('this side has closed the connection')
/** Interim answers (1xx) before the answer proper; servers send one or two. */
const INTERIM_MAX = 16
/** Bytes that one of the body may cost, chunks' lengths and interim answers included. */
const WIRE_BYTES_PER_BYTE_MAX = 2

/** One request. What a server answers is never decoded, cached, retried or followed here. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Bytes of the answer's body; more is `too-large`. */
  readonly bodyBytesMax: number
}

/** An answer, read whole within its bounds. */
export interface HttpReply {
  readonly status: number
  /** Names in lower case; of a header sent more than once, the first. */
  readonly headers: ReadonlyMap<string, string>
  /** All values of a header, its name in lower case. */
  getValues(name: string): readonly string[]
  readonly body: Buffer
}

/** One connection to an HTTP server, for as many requests as the server lets it carry. */
export interface HttpExchange {
  /** Sends a request and reads its answer, timed as `request`, `first-byte` and `transfer`. */
  request(request: HttpRequest): Promise<Step<HttpReply>>
  /** Whether the server has kept the connection for another request. */
  isOpen(): boolean
  /** Whether the server has begun to answer the last request. */
  hasAnswerBegun(): boolean
  /** The connection, where it is a secured one. */
  readonly secured: TLSSocket | undefined
  close(): void
}

/**
 * Connects to a URL's host, with TLS where its scheme says so.
 *
 * @param url - http or https
 */
export async function openExchange(url: URL, context: ProbeContext): Promise<Step<HttpExchange>> {
  const connection = await connectUrl(url, ['http/1.1'], context)
  return connection.ok ? done(makeExchange(url, connection.value, context)) : connection
}

function makeExchange(url: URL, socket: Socket, context: ProbeContext): HttpExchange {
  let isUsed = false
  let hasAnswerBegun = false
  const wire = watchWire(socket, context.net)
  const client = new Client(url.origin, {
    // The checked connection and no other: undici never resolves, connects or retries by itself.
    connect: (_options, callback) => {
      const isOpen = !isUsed && !socket.destroyed
      isUsed = true
      // Not at once: undici is not done with the connection's bookkeeping when it calls.
      queueMicrotask(() => {
        if (isOpen) callback(null, socket)
        else
          callback(
            Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }),
            null,
          )
      })
    },
    allowH2: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    // The probe's deadline is the only one.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
  })
  return {
    secured: socket instanceof TLSSocket ? socket : undefined,
    isOpen: () => !socket.destroyed,
    hasAnswerBegun: () => hasAnswerBegun,
    request(request) {
      hasAnswerBegun = false
      const onAnswer = () => {
        hasAnswerBegun = true
      }
      return exchange({ client, wire, url, onAnswer }, request, context)
    },
    close: () => client.destroy(CLOSED, ignoreEnd),
  }
}

/** What requests on one connection share. */
interface Connection {
  readonly client: Client
  readonly wire: Wire
  readonly url: URL
  readonly onAnswer: () => void
}

function exchange(
  { client, wire, url, onAnswer }: Connection,
  request: HttpRequest,
  { net, phases }: ProbeContext,
): Promise<Step<HttpReply>> {
  const { promise, resolve } = Promise.withResolvers<Step<HttpReply>>()
  const { bodyBytesMax } = request
  let status = 0
  let headers: ReadonlyMap<string, string> = new Map()
  let getValues: HttpReply['getValues'] = () => []
  const chunks: Buffer[] = []
  let bodyBytes = 0
  let interim = 0

  function end(controller: Dispatcher.DispatchController, stop: Stop): void {
    resolve(stopped(stop))
    controller.abort(new Error(stop.detail))
  }

  const { path, headers: sent } = net.authorize(url, request)
  // The header, and trailers as long.
  wire.expect(2 * HEADER_BYTES_MAX + WIRE_BYTES_PER_BYTE_MAX * bodyBytesMax, (stop) =>
    resolve(stopped(stop)),
  )
  phases.begin('request')
  client.dispatch(
    {
      method: request.method,
      path,
      // A coding would have to be undone, and a bomb with it.
      headers: { 'accept-encoding': 'identity', ...sent },
      body: request.body ?? null,
    },
    {
      onRequestStart() {
        // A probe that has ended has lost its connection.
      },
      onRequestSent() {
        phases.begin('first-byte')
      },
      onResponseStart(controller, code, answered) {
        onAnswer()
        // 1xx: the answer proper is yet to come.
        if (code < 200) {
          interim++
          if (interim > INTERIM_MAX) {
            end(controller, failed('protocol', `more than ${INTERIM_MAX} interim answers`))
          }
          return
        }
        phases.begin('transfer')
        status = code
        headers = readHeaders(answered)
        getValues = (name) => [answered[name] ?? []].flat()
        const announced = Number(headers.get('content-length') ?? 0)
        if (request.method !== 'HEAD' && announced > bodyBytesMax) {
          end(controller, failed('too-large', `${announced} bytes announced of ${bodyBytesMax}`))
        }
      },
      onResponseData(controller, chunk) {
        bodyBytes += chunk.length
        if (bodyBytes > bodyBytesMax) {
          return end(controller, failed('too-large', `more than ${bodyBytesMax} bytes`))
        }
        chunks.push(chunk)
      },
      onResponseEnd() {
        phases.end()
        resolve(done({ status, headers, getValues, body: join(chunks) }))
      },
      onResponseError(_controller, error) {
        resolve(stopped(judgeHttpError(error)))
      },
    },
  )
  return promise
}

/** Most answers come in one piece. */
function join(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
}

function ignoreEnd(): void {
  // The client is of this exchange only.
}

function readHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Map<string, string> {
  const map = new Map<string, string>()
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value
    if (first !== undefined) map.set(name.toLowerCase(), first)
  }
  return map
}
