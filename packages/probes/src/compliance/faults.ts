import type { Socket } from 'node:net'
import type { AbstentionName, OutcomeName } from '@watchfire/attestation'

/** What a kind speaks on the connections it opens: the faults below differ by it. */
export type Transport = 'tcp' | 'tls' | 'http' | 'ws'

/** A verdict on a probe: reached, or how it ended. */
export type Ending = 'reached' | OutcomeName | AbstentionName

/** A way for a target to misbehave, and what a probe may make of it. */
export interface Fault {
  /** Says in a sentence what the target does: "a target that …". */
  readonly name: string
  readonly transports: readonly Transport[]
  serve(socket: Socket, places: FaultPlaces): void
  readonly endings: readonly Ending[]
}

/** Where redirects lead. */
export interface FaultPlaces {
  readonly url: string
  readonly forbiddenUrl: string
}

const ALL: readonly Transport[] = ['tcp', 'tls', 'http', 'ws']
const HTTP: readonly Transport[] = ['http']
/** A WebSocket begins as a request, whose answer's body nobody reads. */
const REQUEST: readonly Transport[] = ['http', 'ws']
const DRIP_MS = 20
const KILOBYTE = 'x'.repeat(1024)

/** Faults below HTTP and in it. */
export const faults: readonly Fault[] = [
  {
    name: 'accepts and says nothing',
    transports: ALL,
    serve: (socket) => socket.resume(),
    endings: ['timeout'],
  },
  {
    name: 'resets the connection',
    transports: ALL,
    serve: (socket) =>
      socket
        .once('data', () => socket.resetAndDestroy())
        .setTimeout(30, () => socket.resetAndDestroy()),
    endings: ['reset'],
  },
  {
    name: 'closes without a word',
    transports: ALL,
    serve: (socket) => socket.resume().end(),
    endings: ['reset', 'protocol', 'content', 'tls'],
  },
  {
    name: 'answers rubbish',
    transports: ALL,
    serve: (socket) =>
      socket.resume().write('\u0000\u0007rubbish\r\n\u00ff\u00fe'.repeat(32), 'latin1'),
    endings: ['protocol', 'content', 'tls'],
  },
  {
    name: 'sends rubbish without end',
    transports: ALL,
    serve: (socket) => pump(socket, KILOBYTE),
    endings: ['protocol', 'content', 'tls', 'too-large'],
  },
  {
    name: 'drips one byte at a time',
    transports: ALL,
    serve: (socket) => drip(socket, ''),
    endings: ['timeout', 'protocol', 'content', 'tls'],
  },
  {
    name: 'sends headers without end',
    transports: REQUEST,
    serve: (socket) => pump(socket, `x-filler: ${KILOBYTE}\r\n`, 'HTTP/1.1 200 OK\r\n'),
    endings: ['too-large'],
  },
  {
    name: 'sends a body without end',
    transports: HTTP,
    serve: (socket) =>
      pump(
        socket,
        `400\r\n${KILOBYTE}\r\n`,
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      ),
    endings: ['too-large'],
  },
  {
    name: 'drips its body',
    transports: HTTP,
    serve: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'),
    endings: ['timeout'],
  },
  {
    name: 'announces a body beyond bounds',
    transports: HTTP,
    serve: (socket) => answer(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n'),
    endings: ['too-large'],
  },
  {
    name: 'announces a longer body than it sends',
    transports: HTTP,
    serve: (socket) =>
      answer(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}', { end: true }),
    endings: ['protocol', 'reset'],
  },
  {
    name: 'announces two lengths',
    transports: HTTP,
    serve: (socket) =>
      answer(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x'),
    endings: ['protocol'],
  },
  {
    name: 'redirects in a circle',
    transports: REQUEST,
    serve: (socket, { url }) => redirect(socket, url),
    endings: ['redirect'],
  },
  {
    name: 'redirects to an address inside the operator’s network',
    transports: REQUEST,
    serve: (socket, { forbiddenUrl }) => redirect(socket, forbiddenUrl),
    endings: ['forbidden-address', 'redirect'],
  },
  {
    name: 'redirects to what is no web address',
    transports: REQUEST,
    serve: (socket) => redirect(socket, 'file:///etc/hostname'),
    endings: ['redirect'],
  },
  {
    name: 'redirects to nowhere',
    transports: REQUEST,
    serve: (socket) => answer(socket, 'HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n'),
    endings: ['redirect'],
  },
  {
    name: 'answers that it is broken',
    transports: REQUEST,
    serve: (socket) =>
      answer(socket, 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'),
    endings: ['status'],
  },
  {
    name: 'wants credentials',
    transports: REQUEST,
    serve: (socket) => answer(socket, 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'),
    endings: ['auth'],
  },
]

/** Sends `text` again and again, as fast as the other side reads, for as long as it does. */
export function pump(
  socket: Socket,
  text: string | Uint8Array,
  begin: string | Uint8Array = '',
): void {
  socket.resume()
  if (begin.length > 0) socket.write(begin)
  const more = () => {
    while (!socket.destroyed && socket.write(text));
  }
  socket.on('drain', more)
  more()
}

function drip(socket: Socket, begin: string): void {
  socket.resume()
  if (begin !== '') socket.write(begin)
  const timer = setInterval(() => socket.write('x'), DRIP_MS)
  socket.on('close', () => clearInterval(timer))
}

/** Answers each chunk that comes in; a probe's request is one. */
export function answer(socket: Socket, text: string | Uint8Array, { end = false } = {}): void {
  socket.on('data', () => {
    if (end) socket.end(text)
    else socket.write(text)
  })
}

function redirect(socket: Socket, location: string): void {
  answer(
    socket,
    `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  )
}
