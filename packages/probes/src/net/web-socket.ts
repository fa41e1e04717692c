import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import type { ProbeContext, Step, Stop } from '../kind.ts'
import { abstained, describeError, done, failed, stopped } from '../steps.ts'
import { connectUrl } from './connect-url.ts'
import { judgeStatus, judgeWebSocketError } from './faults.ts'
import { HEADER_BYTES_MAX } from './http-exchange.ts'

/** What one asks of a WebSocket, and how much it may answer. */
export interface WebSocketRequest {
  readonly headers?: Readonly<Record<string, string>>
  /** Subprotocols to offer; the server must then take one of them. */
  readonly protocols?: readonly string[]
  /** Bytes of one message, its fragments together; more is `too-large`. */
  readonly messageBytesMax: number
  /** Bytes of all that the server sends, from its handshake on; more is `too-large`. */
  readonly bytesMax: number
}

/** A message, whole. */
export interface WebSocketMessage {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** An open WebSocket, closed with the probe. No promise it gives rejects. */
export interface WebSocketChannel {
  /** The subprotocol that the server took; empty without one. */
  readonly protocol: string
  /** The connection, where it is a secured one. */
  readonly secured: TLSSocket | undefined
  /** Sends a text message. On a channel that has ended it does nothing: `receive` says why. */
  send(text: string): void
  /** The next message. One call at a time. */
  receive(): Promise<Step<WebSocketMessage>>
  /** Sends a ping and waits for its pong (RFC 6455 5.5.2). One call at a time. */
  ping(): Promise<Step<undefined>>
  close(): void
}

/** Pieces of one message that are kept until it is whole. */
const FRAGMENTS_MAX = 1024

/**
 * Connects to a URL's host and does the WebSocket handshake, timed as `request` and `first-byte`.
 *
 * No compression is offered, so there is nothing to inflate; no redirect is followed. What the
 * server sends before it is asked for waits in its own connection. The promise never rejects.
 *
 * @param url - ws or wss
 */
export async function openWebSocket(
  url: URL,
  request: WebSocketRequest,
  context: ProbeContext,
): Promise<Step<WebSocketChannel>> {
  const connection = await connectUrl(url, ['http/1.1'], context)
  if (!connection.ok) return connection
  const socket = connection.value
  if (socket.destroyed) return stopped(failed('reset', 'closed before the handshake'))
  const { path, headers } = context.net.authorize(url, {
    path: `${url.pathname}${url.search}`,
    headers: { 'user-agent': 'watchfire', ...request.headers },
  })
  context.phases.begin('request')
  const options: ClientOptions & { maxHeaderSize: number } = {
    // The checked connection and no other.
    createConnection: () => socket,
    headers,
    followRedirects: false,
    perMessageDeflate: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    maxPayload: request.messageBytesMax,
    maxFragments: FRAGMENTS_MAX,
    maxBufferedChunks: FRAGMENTS_MAX,
    finishRequest(sent) {
      // Once the parser of the handshake listens too, so that no byte passes it by.
      sent.once('socket', () => {
        channel.countFrom(socket)
        context.phases.begin('first-byte')
      })
      sent.end()
    },
  }
  let client: WebSocket
  try {
    client = new WebSocket(new URL(path, url), [...(request.protocols ?? [])], options)
  } catch (error) {
    socket.destroy()
    return stopped(abstained('internal', describeError(error)))
  }
  const channel = makeChannel(client, socket, request, context)
  const opened = await channel.opened
  context.phases.end()
  return opened
}

function makeChannel(
  client: WebSocket,
  socket: Socket,
  { bytesMax }: WebSocketRequest,
  { net }: ProbeContext,
) {
  const { promise: opened, resolve: resolveOpened } =
    Promise.withResolvers<Step<WebSocketChannel>>()
  /** Why there is no channel any more; the first reason counts. */
  let end: Stop | undefined
  let bytesLeft = bytesMax
  const messages: WebSocketMessage[] = []
  let onMessage: ((step: Step<WebSocketMessage>) => void) | undefined
  let onPong: ((step: Step<undefined>) => void) | undefined

  function stop(reason: Stop): void {
    end ??= reason
    socket.destroy()
    resolveOpened(stopped(end))
    onMessage?.(stopped(end))
    onPong?.(stopped(end))
  }

  function cut(reason: Stop): void {
    messages.length = 0
    stop(reason)
  }

  const isOpening = () => client.readyState === WebSocket.CONNECTING

  const channel: WebSocketChannel = {
    get protocol() {
      return client.protocol
    },
    secured: socket instanceof TLSSocket ? socket : undefined,
    send(text) {
      if (end === undefined) client.send(text)
    },
    receive() {
      const message = messages.shift()
      if (message !== undefined) return Promise.resolve(done(message))
      if (end !== undefined) return Promise.resolve(stopped(end))
      client.resume()
      return new Promise((resolve) => {
        onMessage = (step) => {
          onMessage = undefined
          resolve(step)
        }
      })
    },
    ping() {
      if (end !== undefined) return Promise.resolve(stopped(end))
      client.resume()
      client.ping()
      return new Promise((resolve) => {
        onPong = (step) => {
          onPong = undefined
          resolve(step)
        }
      })
    },
    close: () => stop(abstained('stopping', 'this side has closed it')),
  }

  client
    .on('open', () => resolveOpened(done(channel)))
    .on('unexpected-response', (_request, { statusCode = 0 }) => {
      const leads = statusCode >= 300 && statusCode <= 399
      stop(leads ? failed('redirect', `status ${statusCode}`) : judgeStatus(statusCode))
    })
    .on('error', (error) => stop(judgeWebSocketError(error)))
    .on('close', (code, reason) => stop(failed('reset', `closed: ${code} ${reason.toString()}`)))
    .on('pong', () => onPong?.(done(undefined)))
    .on('message', (data, isBinary) => {
      // What was read together with the bytes that went beyond a bound.
      if (end !== undefined) return
      // ws gives a Buffer unless it is asked for something else.
      const message = { data: data as Buffer, isBinary }
      if (onMessage !== undefined) return onMessage(done(message))
      messages.push(message)
      // What comes before a pong that is waited for has to be read; `bytesMax` bounds it.
      if (onPong === undefined) client.pause()
    })

  return {
    opened,
    countFrom(from: Socket) {
      // Not the chunks' lengths: what follows the handshake at once is handed on a second time.
      let seen = from.bytesRead
      from.on('data', () => {
        const bytes = from.bytesRead - seen
        seen += bytes
        bytesLeft -= bytes
        const counted = net.countBytes(bytes)
        if (!counted.ok) cut(counted.stop)
        else if (bytesLeft < 0) cut(failed('too-large', `more than ${bytesMax} bytes in all`))
        // Interim answers could go on for all of that, each an event.
        else if (isOpening() && bytesMax - bytesLeft > HEADER_BYTES_MAX) {
          cut(failed('too-large', `more than ${HEADER_BYTES_MAX} bytes of handshake`))
        }
      })
    },
  }
}
