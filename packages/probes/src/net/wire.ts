import type { Socket } from 'node:net'
import type { Stop } from '../kind.ts'
import { failed } from '../steps.ts'
import type { ProbeNetwork } from './probe-network.ts'

/**
 * Counts what a server sends on a connection, whatever it is: no parser tells of interim answers
 * and of the extensions of chunks.
 */
export interface Wire {
  /** @param onStop - called when the answer under way passes this bound or the round's */
  expect(bytesMax: number, onStop: (stop: Stop) => void): void
}

/**
 * Begins counting. A connection on which a bound is passed is destroyed.
 *
 * @param socket - that nobody reads yet
 */
export function watchWire(socket: Socket, net: ProbeNetwork): Wire {
  let seen = socket.bytesRead
  let bytesLeft = 0
  let onStop: ((stop: Stop) => void) | undefined
  // Before its reader's own listener: so a bound is passed by one read of a socket at most.
  socket.on('readable', () => {
    const bytes = socket.bytesRead - seen
    seen += bytes
    bytesLeft -= bytes
    const counted = net.countBytes(bytes)
    if (counted.ok && bytesLeft >= 0) return
    onStop?.(
      counted.ok ? failed('too-large', 'more bytes than such an answer takes') : counted.stop,
    )
    socket.destroy()
  })
  return {
    expect(bytesMax, then) {
      bytesLeft = bytesMax
      onStop = then
    },
  }
}
