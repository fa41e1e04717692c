import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Step, Stop } from '../kind.ts'
import { failed } from '../steps.ts'
import type { ProbeNetwork } from './probe-network.ts'

/** A connection on which every byte read is counted, for protocols that read by themselves. */
export interface CountedStream {
  readonly stream: Duplex
  /** Why it was cut: a bound was passed. Undefined while it was not. */
  getStop(): Stop | undefined
}

/**
 * Stands between a connection and what reads it, since Node's HTTP/2 takes a socket's bytes from
 * below. What is not asked for stays with the sender.
 *
 * @param bytesMax - bytes of all that the other side sends; more ends it as `too-large`
 */
export function makeCountedStream(
  socket: Socket,
  bytesMax: number,
  net: ProbeNetwork,
): CountedStream {
  let stop: Stop | undefined
  let bytesLeft = bytesMax
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, then) => void socket.write(chunk, then),
    final: (then) => void socket.end(then),
    destroy(error, then) {
      socket.destroy()
      then(error)
    },
  })

  function count(bytes: number): Step<undefined> {
    bytesLeft -= bytes
    return bytesLeft >= 0
      ? net.countBytes(bytes)
      : { ok: false, stop: failed('too-large', `more than ${bytesMax} bytes in all`) }
  }

  socket
    .on('data', (chunk: Buffer) => {
      const counted = count(chunk.length)
      if (!counted.ok) {
        stop ??= counted.stop
        stream.destroy()
      } else if (!stream.push(chunk)) socket.pause()
    })
    .on('end', () => stream.push(null))
    .on('error', (error) => stream.destroy(error))
    .on('close', () => stream.destroy())
  socket.pause()
  return { stream, getStop: () => stop }
}
