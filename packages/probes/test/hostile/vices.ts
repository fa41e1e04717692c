import type { Socket } from 'node:net'
import {
  type Ending,
  type Fault,
  type FaultPlaces,
  faults,
  pump,
} from '../../src/compliance/faults.ts'
import { floodFaults } from '../../src/compliance/flood-faults.ts'
import { webSocketFaults } from '../../src/compliance/web-socket-faults.ts'
import type { Speech } from './subjects.ts'

/** A way to be hostile, towards whoever speaks what it answers. */
export interface Vice {
  readonly name: string
  readonly speeches: readonly Speech[]
  serve(socket: Socket, places: FaultPlaces): void
  /** What a probe may make of it; left out where it depends on the kind. */
  readonly endings: readonly Ending[]
}

/** The faults of the compliance suite: here each meets all kinds at once, in a process of its own. */
const common: readonly Vice[] = [...faults, ...floodFaults, ...webSocketFaults].map(toVice)

function toVice(fault: Fault): Vice {
  const speeches = fault.transports.flatMap((transport): Speech[] =>
    transport === 'tcp' ? ['tcp', 'http2', 'libp2p', 'dns'] : [transport],
  )
  return {
    name: fault.name,
    speeches,
    serve: (socket, places) => fault.serve(socket, places),
    endings: fault.endings,
  }
}

const KILOBYTE = Buffer.alloc(1024, 'x')
/** RFC 8446 5.1: a record of the handshake, TLS 1.2 on its face, of 1024 bytes. */
const HANDSHAKE_RECORD = Buffer.from([22, 3, 3, 4, 0])
/** A certificate message that announces 16 MiB (RFC 8446 4). */
const ENDLESS_CERTIFICATE = Buffer.from([11, 0xff, 0xff, 0xff])

const tlsVices: readonly Vice[] = [
  {
    name: 'sends a handshake message without end',
    speeches: ['tls'],
    serve: (socket) =>
      pump(
        socket,
        Buffer.concat([HANDSHAKE_RECORD, KILOBYTE]),
        Buffer.concat([HANDSHAKE_RECORD, ENDLESS_CERTIFICATE, KILOBYTE.subarray(4)]),
      ),
    endings: ['tls', 'protocol'],
  },
  {
    name: 'shakes hands halfway and then only holds on',
    speeches: ['tls'],
    // The head of a record, whose rest never comes.
    serve: (socket) => void socket.resume().write(Buffer.from([22, 3, 3, 0x40, 0, 2, 0, 0x3f])),
    endings: ['timeout'],
  },
  {
    name: 'sends warnings of TLS without end',
    speeches: ['tls'],
    serve: (socket) => pump(socket, Buffer.from([21, 3, 3, 0, 2, 1, 90])),
    endings: ['tls', 'protocol', 'reset'],
  },
]

/** RFC 9113 4.1: length, type, flags and stream before each frame. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const SETTINGS = frame(4, 0, 0, new Uint8Array())
/** `:status: 200` by index, and `content-type: application/grpc` in letters (RFC 7541 6). */
const ANSWER = Buffer.concat([Buffer.from([0x88, 0x0f, 0x10, 16]), Buffer.from('application/grpc')])
/** A header of 3 KiB that enters the table, and then 4,000 times the byte that names it. */
const HEADER_BOMB = Buffer.concat([
  Buffer.from([0x40, 1, 0x78, 0x7f, 0x81, 0x17]),
  Buffer.alloc(3072, 'x'),
  Buffer.alloc(4000, 0xbe),
])

/** @param then - frames that are sent again and again once the client has spoken */
function http2Vice(
  name: string,
  begin: Uint8Array,
  then: Uint8Array | undefined,
  endings: readonly Ending[],
): Vice {
  return {
    name,
    speeches: ['http2'],
    serve: (socket) => {
      socket.once('data', () => {
        if (then !== undefined) return pump(socket, then, Buffer.concat([SETTINGS, begin]))
        socket.resume().write(Buffer.concat([SETTINGS, begin]))
      })
    },
    endings,
  }
}

const CUT: readonly Ending[] = ['too-large', 'protocol', 'reset']

const http2Vices: readonly Vice[] = [
  http2Vice('sends settings without end', new Uint8Array(), SETTINGS, CUT),
  http2Vice(
    'sends pings of HTTP/2 without end',
    new Uint8Array(),
    frame(6, 0, 0, Buffer.alloc(8)),
    CUT,
  ),
  http2Vice(
    'continues its headers without end',
    frame(1, 0, 1, ANSWER),
    // An empty name is not allowed; a field `a: x…` is.
    frame(9, 0, 1, Buffer.concat([Buffer.from([0, 1, 0x61, 100]), Buffer.alloc(100, 'x')])),
    CUT,
  ),
  http2Vice('sends a bomb of compressed headers', frame(1, 4, 1, HEADER_BOMB), undefined, CUT),
  http2Vice(
    'sends messages of gRPC without end',
    frame(1, 4, 1, ANSWER),
    frame(0, 0, 1, KILOBYTE),
    CUT,
  ),
  http2Vice(
    'opens streams that it may not push, without end',
    new Uint8Array(),
    frame(5, 4, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), ANSWER])),
    CUT,
  ),
]

/** A message's length in two bytes (RFC 1035 4.2.2). */
const DNS_LENGTH = Buffer.from([0xff, 0xff])

const dnsVices: readonly Vice[] = [
  {
    name: 'announces 64 KiB of an answer and drips it',
    speeches: ['dns'],
    serve: (socket) => {
      socket.resume().write(DNS_LENGTH)
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(timer))
    },
    endings: ['timeout'],
  },
  {
    name: 'sends 64 KiB of names that point at themselves',
    speeches: ['dns'],
    serve: (socket) =>
      socket.once('data', (query) => {
        const message = Buffer.alloc(0xffff, Buffer.from([0xc0, 12]))
        query.copy(message, 0, 2, 14)
        message.writeUInt16BE(0x8180, 2)
        message.writeUInt16BE(0xffff, 6)
        socket.write(Buffer.concat([DNS_LENGTH, message]))
      }),
    endings: ['protocol'],
  },
]

/** Every vice that a server can have by what it sends; those of names and processes have tests of their own. */
export const vices: readonly Vice[] = [...common, ...tlsVices, ...http2Vices, ...dnsVices]
