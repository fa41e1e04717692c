import { gzipSync } from 'node:zlib'
import { answer, type Fault, pump, type Transport } from './faults.ts'

const HTTP: readonly Transport[] = ['http']
const REQUEST: readonly Transport[] = ['http', 'ws']
const KILOBYTE = 'x'.repeat(1024)
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
/** What the bomb becomes to one that undoes it: as much as a whole round may read. */
const BOMB_BYTES = 67_108_864
let bomb: Buffer | undefined

/** Faults of a server that sends without end where no length is announced and no body is read. */
export const floodFaults: readonly Fault[] = [
  {
    name: 'sends interim answers without end',
    transports: REQUEST,
    serve: (socket) => pump(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(40)),
    endings: ['too-large', 'protocol'],
  },
  {
    name: 'sends chunks of a byte with a kilobyte of extensions each without end',
    transports: HTTP,
    serve: (socket) => pump(socket, `1;x=${KILOBYTE}\r\nx\r\n`, CHUNKED),
    endings: ['too-large', 'protocol'],
  },
  {
    name: 'sends one extension of a chunk without end',
    transports: HTTP,
    serve: (socket) => pump(socket, KILOBYTE, `${CHUNKED}1;x=`),
    endings: ['too-large', 'protocol'],
  },
  {
    name: 'sends trailers without end',
    transports: HTTP,
    serve: (socket) => pump(socket, `x-filler: ${KILOBYTE}\r\n`, `${CHUNKED}1\r\nx\r\n0\r\n`),
    endings: ['too-large', 'protocol'],
  },
  {
    name: 'answers with a compressed bomb that nobody asked for',
    transports: HTTP,
    serve: (socket) => {
      bomb ??= gzipSync(Buffer.alloc(BOMB_BYTES))
      answer(
        socket,
        Buffer.concat([
          Buffer.from(
            `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
          ),
          bomb,
        ]),
      )
    },
    // Reached where nothing is asked of the body, which stays packed.
    endings: ['protocol', 'content', 'reached'],
  },
]
