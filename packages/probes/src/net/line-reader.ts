import type { Socket } from 'node:net'
import type { Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'
import { type ProbeNetwork, readUntil } from './probe-network.ts'

/** Reads what a server says, by lines or bytes, up to a bound. One call at a time. */
export interface LineReader {
  /** The next line without its end; the last one may have none. Undefined where nothing more comes. */
  readLine(): Promise<Step<string | undefined>>
  /** So many bytes, or as many as come before the server ends. */
  readBytes(count: number): Promise<Step<Buffer>>
  /** Whether more has come than was read. */
  hasMore(): boolean
}

const NEWLINE = 10

/** @param bytesMax - of all that is read of this connection; more is `too-large` */
export function makeLineReader(socket: Socket, bytesMax: number, net: ProbeNetwork): LineReader {
  let rest = Buffer.alloc(0)
  let bytesLeft = bytesMax
  let ended = false

  /** Waits until what is there is enough, or no more comes. */
  async function fill(enough: (all: Buffer) => boolean): Promise<Step<undefined>> {
    if (ended || enough(rest)) return done(undefined)
    const before = rest
    const read = await readUntil(socket, net, (received) => {
      return received.length > bytesLeft || enough(Buffer.concat([before, received]))
    })
    if (!read.ok) return read
    const { received } = read.value
    bytesLeft -= received.length
    if (bytesLeft < 0) return stopped(failed('too-large', `more than ${bytesMax} bytes`))
    ended = read.value.ended
    rest = Buffer.concat([before, received])
    return done(undefined)
  }

  function take(count: number): Buffer {
    const taken = rest.subarray(0, count)
    rest = rest.subarray(count)
    return taken
  }

  return {
    async readLine() {
      const filled = await fill((all) => all.includes(NEWLINE))
      if (!filled.ok) return filled
      const at = rest.indexOf(NEWLINE)
      if (at < 0 && rest.length === 0) return done(undefined)
      const line = take(at < 0 ? rest.length : at + 1).toString('utf8')
      return done(line.replace(/\r?\n$/, ''))
    },
    async readBytes(count) {
      const filled = await fill((all) => all.length >= count)
      return filled.ok ? done(take(count)) : filled
    },
    hasMore: () => rest.length > 0 || socket.readableLength > 0,
  }
}
