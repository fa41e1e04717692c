import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import type { Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { judgeConnectError } from './faults.ts'

/** A question to be answered by a datagram. */
export interface DatagramRequest {
  readonly bytes: Uint8Array
  /** Whether a datagram answers the question; others, such as forged ones, are waited past. */
  accept(datagram: Buffer): boolean
  /** Between one sending and the next while no answer has come: one lost packet is no failure. */
  readonly resendMs: number
}

/** Times a question is sent. */
const SENDINGS_MAX = 3
/** Datagrams looked at that do not answer. */
const STRAY_MAX = 64

/** An exchange under way. */
export interface DatagramExchange {
  /** Never rejects. It has no deadline of its own: what ends it is {@link DatagramExchange.close}. */
  readonly answer: Promise<Step<Buffer>>
  close(): void
}

/**
 * Sends a question to one address, and waits for its answer. The socket takes datagrams of that
 * address and port only, and learns when nobody listens there.
 *
 * @param address - as the address guard admitted it
 * @param count - counts bytes received; a step that ends the probe ends this too
 */
export function exchangeDatagram(
  address: string,
  port: number,
  request: DatagramRequest,
  count: (bytes: number) => Step<undefined>,
): DatagramExchange {
  const { promise: answer, resolve } = Promise.withResolvers<Step<Buffer>>()
  const socket: Socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  let stray = 0

  function settle(step: Step<Buffer>): void {
    resolve(step)
    if (!isOpen) return
    isOpen = false
    clearTimeout(timer)
    socket.close()
  }

  function send(sendings: number): void {
    if (!isOpen) return
    socket.send(request.bytes)
    if (sendings < SENDINGS_MAX) timer = setTimeout(() => send(sendings + 1), request.resendMs)
  }

  socket
    .on('error', (error) => settle(stopped(judgeConnectError(error))))
    .on('connect', () => send(1))
    .on('message', (datagram) => {
      const counted = count(datagram.length)
      if (!counted.ok) return settle(counted)
      if (request.accept(datagram)) return settle(done(datagram))
      stray += 1
      if (stray > STRAY_MAX) settle(stopped(failed('protocol', 'answers to what was not asked')))
    })
  socket.connect(port, address)
  return { answer, close: () => settle(stopped(failed('reset', 'the probe has ended'))) }
}
