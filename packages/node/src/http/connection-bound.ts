import type { Socket } from 'node:net'
import { isLoopback } from './host-check.ts'

/**
 * Bounds the connections of one remote address, so that no reader takes every place there is.
 * Loopback is exempt, since a proxy or a desk is behind it.
 *
 * @param perAddressMax connections one address may hold
 * @returns takes each new connection, and destroys one too many
 */
export function makeConnectionBound(
  perAddressMax: number,
): (socket: Pick<Socket, 'remoteAddress' | 'once' | 'destroy'>) => void {
  const held = new Map<string, number>()
  return (socket) => {
    const address = socket.remoteAddress
    if (address === undefined || isLoopback(address)) return
    const count = held.get(address) ?? 0
    if (count >= perAddressMax) {
      socket.destroy()
      return
    }
    held.set(address, count + 1)
    socket.once('close', () => {
      const left = (held.get(address) ?? 1) - 1
      if (left === 0) held.delete(address)
      else held.set(address, left)
    })
  }
}
