import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Fault, pump, type Transport } from './faults.ts'

const WS: readonly Transport[] = ['ws']
/** RFC 6455 1.3: what a server adds to the client's key to show that it speaks the protocol. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Faults of a server that has taken the handshake as it should. */
export const webSocketFaults: readonly Fault[] = [
  {
    name: 'takes the handshake and says no more',
    transports: WS,
    serve: (socket) => accept(socket, () => {}),
    endings: ['timeout'],
  },
  {
    name: 'takes the handshake and closes',
    transports: WS,
    serve: (socket) => accept(socket, () => socket.end(frame(0x88, Buffer.from([0x03, 0xf5])))),
    endings: ['reset'],
  },
  {
    name: 'takes the handshake with another key',
    transports: WS,
    serve: (socket) => accept(socket, () => {}, 'another'),
    endings: ['protocol'],
  },
  {
    name: 'sends frames of no known kind',
    transports: WS,
    serve: (socket) => accept(socket, () => socket.write(frame(0x8b, Buffer.from('x')))),
    endings: ['protocol'],
  },
  {
    name: 'sends a compressed message, which was not agreed on',
    transports: WS,
    serve: (socket) => accept(socket, () => socket.write(frame(0xc1, Buffer.from('x')))),
    endings: ['protocol'],
  },
  {
    name: 'announces a message beyond bounds',
    transports: WS,
    serve: (socket) =>
      accept(socket, () => socket.write(Buffer.from([0x82, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0]))),
    endings: ['too-large'],
  },
  {
    name: 'sends a message in pieces without end',
    transports: WS,
    serve: (socket) =>
      accept(socket, () => {
        socket.write(frame(0x01, Buffer.from('x')))
        pump(socket, frame(0x00, Buffer.alloc(100, 'x')))
      }),
    endings: ['too-large'],
  },
  {
    name: 'sends pings without end',
    transports: WS,
    serve: (socket) => accept(socket, () => pump(socket, frame(0x89, Buffer.alloc(100, 'x')))),
    endings: ['too-large', 'reset', 'timeout'],
  },
]

/** Answers the handshake, then goes on. */
function accept(socket: Socket, then: () => void, suffix = KEY_SUFFIX): void {
  socket.once('data', (request) => {
    const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString('latin1'))?.[1] ?? ''
    const answer = createHash('sha1').update(`${key}${suffix}`).digest('base64')
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
        `sec-websocket-accept: ${answer}\r\n\r\n`,
    )
    socket.resume()
    then()
  })
}

/** A short frame (RFC 6455 5.2): the first byte, the length, the bytes; servers do not mask. */
function frame(first: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([first, bytes.length]), bytes])
}
