import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** Turns of the event loop after which a server that got no further request hangs up. */
const PATIENCE_TURNS = 4

/** A server's end: an answer for each request that comes; where none comes, it hangs up. */
export function makeAnsweringSocket(replies: readonly Uint8Array[]): Socket {
  const waiting = [...replies]
  let requests = 0
  const hangUp = (after: number, turns: number) => {
    setImmediate(() => {
      if (socket.destroyed || requests !== after) return
      if (turns > 0) hangUp(after, turns - 1)
      else socket.push(null)
    })
  }
  const socket = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, written) {
      const reply = waiting.shift()
      requests++
      const mine = requests
      queueMicrotask(() => {
        if (socket.destroyed) return
        if (reply !== undefined) give(reply)
        hangUp(mine, PATIENCE_TURNS)
      })
      written()
    },
  })
  const nothing = () => socket
  const extras = { setTimeout: nothing, ref: nothing, unref: nothing, setKeepAlive: nothing }
  const end = Object.assign(socket, extras, { bytesRead: 0 })
  // As a socket counts what it has read, before anybody is told of it.
  function give(bytes: Uint8Array): void {
    end.bytesRead += bytes.length
    end.push(bytes)
  }
  return end as unknown as Socket
}
