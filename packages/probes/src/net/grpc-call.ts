import { type ClientHttp2Stream, connect } from 'node:http2'
import type { Socket } from 'node:net'
import type { ProbeContext, Step, Stop } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { makeCountedStream } from './counted-stream.ts'
import { judgeHttp2Error, judgeStatus } from './faults.ts'
import { HEADER_BYTES_MAX } from './http-exchange.ts'

/** One unary call. */
export interface GrpcCall {
  /** As in the request's `:authority`: host and port. */
  readonly authority: string
  readonly isSecure: boolean
  /** `/package.Service/Method` */
  readonly path: string
  readonly message: Uint8Array
  /** Bytes of the answer's message; more is `too-large`. */
  readonly messageBytesMax: number
  /** Bytes of all that the server sends; more is `too-large`. */
  readonly bytesMax: number
}

/** What a call came to: the message of status 0, or another status (google.rpc.Code). */
export type GrpcReply =
  | { readonly status: 0; readonly message: Buffer }
  | { readonly status: number; readonly detail: string }

/** A message of gRPC: a byte that says whether it is compressed, four of length, then it. */
const PREFIX_BYTES = 5

/**
 * Calls over HTTP/2 on an open connection, timed as `request`, `first-byte` and `transfer`. No
 * compression is offered, nothing may be pushed. The promise never rejects.
 */
export async function callGrpc(
  socket: Socket,
  call: GrpcCall,
  { net, phases, timeoutMs }: ProbeContext,
): Promise<Step<GrpcReply>> {
  const counted = makeCountedStream(socket, call.bytesMax, net)
  const scheme = call.isSecure ? 'https' : 'http'
  const { promise, resolve } = Promise.withResolvers<Step<GrpcReply>>()
  const fail = (stop: Stop) => resolve(stopped(counted.getStop() ?? stop))
  phases.begin('request')
  const session = connect(`${scheme}://${call.authority}`, {
    createConnection: () => counted.stream,
    settings: { enablePush: false, maxHeaderListSize: HEADER_BYTES_MAX },
    maxSessionMemory: 1,
    maxReservedRemoteStreams: 0,
  })
  session
    .on('error', (error) => fail(judgeHttp2Error(error)))
    .on('close', () => fail(failed('reset', 'closed before the answer was complete')))
    // 0 says that it takes no new streams; what is under way still ends well (RFC 9113 6.8).
    .on('goaway', (code) => {
      if (code !== 0) fail(failed('reset', `the server goes away: code ${code}`))
    })
  const request = session.request({
    ':method': 'POST',
    ':path': call.path,
    'content-type': 'application/grpc',
    'user-agent': 'watchfire',
    te: 'trailers',
    'grpc-timeout': `${timeoutMs}m`,
  })
  readReply(request, call.messageBytesMax, phases, (step) =>
    step.ok ? resolve(step) : fail(step.stop),
  )
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(call.message.length, 1)
  request.end(Buffer.concat([prefix, call.message]))
  phases.begin('first-byte')
  const reply = await promise
  phases.end()
  session.destroy()
  return reply
}

/** Reads headers, one message and trailers. */
function readReply(
  request: ClientHttp2Stream,
  messageBytesMax: number,
  phases: ProbeContext['phases'],
  settle: (step: Step<GrpcReply>) => void,
): void {
  let headers: Readonly<Record<string, unknown>> = {}
  let trailers: Readonly<Record<string, unknown>> = {}
  const chunks: Buffer[] = []
  let bytes = 0

  request
    .on('response', (answered) => {
      phases.begin('transfer')
      headers = answered
      const status = answered[':status'] ?? 0
      if (status !== 200) settle(stopped(judgeStatus(status)))
      else if (!/^application\/grpc(\+proto)?($|;)/.test(answered['content-type'] ?? '')) {
        settle(stopped(failed('protocol', 'no answer of gRPC')))
      }
    })
    .on('trailers', (answered) => {
      trailers = answered
    })
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= messageBytesMax + PREFIX_BYTES) chunks.push(chunk)
      else settle(stopped(failed('too-large', `more than ${messageBytesMax} bytes`)))
    })
    .on('end', () => {
      if (Object.keys(headers).length === 0) {
        return settle(stopped(failed('reset', 'closed before the answer')))
      }
      settle(readMessage({ ...headers, ...trailers }, Buffer.concat(chunks)))
    })
    .on('error', (error) => settle(stopped(judgeHttp2Error(error))))
    .on('aborted', () => settle(stopped(failed('reset', 'the server ended the stream'))))
}

function readMessage(fields: Readonly<Record<string, unknown>>, body: Buffer): Step<GrpcReply> {
  const text = fields['grpc-status']
  if (typeof text !== 'string' || !/^\d{1,3}$/.test(text)) {
    return stopped(failed('protocol', 'no status of gRPC'))
  }
  const status = Number(text)
  if (status !== 0) {
    const detail = fields['grpc-message']
    return done({ status, detail: typeof detail === 'string' ? detail : '' })
  }
  const isWhole =
    body.length >= PREFIX_BYTES &&
    body[0] === 0 &&
    body.readUInt32BE(1) === body.length - PREFIX_BYTES
  return isWhole
    ? done({ status: 0, message: body.subarray(PREFIX_BYTES) })
    : stopped(failed('protocol', 'not one plain message'))
}
