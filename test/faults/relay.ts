import { once } from 'node:events'
import { createServer, connect, type Server, type Socket } from 'node:net'
import type { Prng } from '../sim/world/prng.ts'
import type { Sending } from './lab.ts'

/** One direction's way between two nodes: who dials where, and where it is led. */
export interface Route {
  readonly from: number
  readonly to: number
  readonly listen: { readonly host: string; readonly port: number }
  readonly target: { readonly host: string; readonly port: number }
  /** The address that the dialled node sees; absent: any. */
  readonly localAddress?: string
}

/** What the relay asks of each piece as it comes. */
export interface RelayRules {
  getSending(from: number): Sending | undefined
  /** Nothing passes, not even an end. */
  isBlocked(from: number, to: number): boolean
}

/** A TCP relay between nodes: bytes are held as the rules say, never changed, and never reordered. */
export interface Relay {
  /** Lets go of what was blocked: called after the rules have changed. */
  wake(): void
  /** Resets every connection between two nodes. */
  cut(a: number, b: number): void
  readonly counts: { connections: number; bytes: number; stalls: number; resets: number }
  close(): Promise<void>
}

/** Bytes held in one direction before its sender is no longer read: then TCP holds it back. */
const HELD_BYTES_MAX = 1_048_576
/** How long a lost packet holds up a stream: Linux retransmits after 200 ms at the least. */
const STALL_MS = 200
/** Of those that are lost, how many reset the connection: a path that broke, a NAT that forgot. */
const RESET_PER_MILLE = 10

interface Pair {
  readonly from: number
  readonly to: number
  wake(): void
  reset(): void
}

/** Starts listening on every route. */
export async function openRelay(
  routes: readonly Route[],
  rules: RelayRules,
  prng: Prng,
): Promise<Relay> {
  const counts = { connections: 0, bytes: 0, stalls: 0, resets: 0 }
  const pairs = new Set<Pair>()
  const accept = (route: Route, near: Socket) => {
    const { from, to, target } = route
    counts.connections += 1
    near.pause()
    near.on('error', () => undefined)
    let isOpen = true
    let far: Socket | undefined
    let ways: Way[] = []
    const end = (isReset: boolean) => {
      if (!isOpen) return
      isOpen = false
      pairs.delete(pair)
      for (const socket of [near, far])
        if (isReset) socket?.resetAndDestroy()
        else socket?.destroy()
    }
    const onClose = () => {
      // Before it was led on, nobody but us has noticed; afterwards each way says what came.
      if (ways.length === 0) end(true)
      else if (near.destroyed && far?.destroyed === true) end(false)
    }
    const begin = () => {
      // A dialler whose packets do not arrive hears nothing, and gives up by itself.
      if (far !== undefined || rules.isBlocked(from, to) || rules.isBlocked(to, from)) return
      const { localAddress } = route
      const made = connect({
        ...target,
        ...(localAddress === undefined ? {} : { localAddress }),
        allowHalfOpen: true,
        noDelay: true,
      })
      far = made
      made.on('error', () => undefined)
      made.once('close', onClose)
      made.once('connect', () => {
        const shared = { rules, prng, counts, end }
        ways = [
          makeWay({ ...shared, source: near, sink: made, from, to }),
          makeWay({ ...shared, source: made, sink: near, from: to, to: from }),
        ]
      })
    }
    const pair: Pair = {
      from,
      to,
      wake() {
        begin()
        for (const way of ways) way.wake()
      },
      reset: () => end(true),
    }
    pairs.add(pair)
    near.once('close', onClose)
    begin()
  }

  const servers = await Promise.all(routes.map((route) => listen(route, accept)))
  return {
    counts,
    wake() {
      for (const pair of pairs) pair.wake()
    },
    cut(a, b) {
      for (const pair of pairs)
        if ((pair.from === a && pair.to === b) || (pair.from === b && pair.to === a)) pair.reset()
    },
    async close() {
      for (const pair of pairs) pair.reset()
      await Promise.all(
        servers.map(async (server) => {
          server.close()
          await once(server, 'close')
        }),
      )
    },
  }
}

async function listen(
  route: Route,
  accept: (route: Route, socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    accept(route, socket),
  )
  server.listen(route.listen.port, route.listen.host)
  await once(server, 'listening')
  return server
}

/** What goes one way through one connection. */
interface Way {
  wake(): void
}

interface WayOptions {
  readonly source: Socket
  readonly sink: Socket
  readonly from: number
  readonly to: number
  readonly rules: RelayRules
  readonly prng: Prng
  readonly counts: Relay['counts']
  readonly end: (isReset: boolean) => void
}

/** Nothing but bytes: an end or a reset takes its place in the queue, behind what was sent before it. */
type Item = {
  readonly what: Buffer | 'end' | 'reset'
  readonly dueMs: number
}

function makeWay(options: WayOptions): Way {
  const { source, sink, from, to, rules, prng, counts, end } = options
  const queue: Item[] = []
  let heldBytes = 0
  let lastDueMs = 0
  let timer: NodeJS.Timeout | undefined
  let isDraining = false

  const put = (what: Item['what']) => {
    const { delayMs = 0, jitterMs = 0, lossPerMille = 0 } = rules.getSending(from) ?? {}
    let waitMs = delayMs + (jitterMs > 0 ? prng.between(0, jitterMs) : 0)
    const lossNow = what instanceof Buffer ? lossPerMille : 0
    for (let factor = 1; prng.chance(lossNow); factor *= 2) {
      counts.stalls += 1
      waitMs += STALL_MS * factor
      if (!prng.chance(RESET_PER_MILLE)) continue
      counts.resets += 1
      end(true)
      return
    }
    lastDueMs = Math.max(lastDueMs, performance.now() + waitMs)
    queue.push({ what, dueMs: lastDueMs })
    if (what instanceof Buffer) heldBytes += what.length
    if (heldBytes > HELD_BYTES_MAX) source.pause()
    pass()
  }
  const pass = () => {
    clearTimeout(timer)
    timer = undefined
    while (!isDraining) {
      const item = queue[0]
      if (item === undefined || rules.isBlocked(from, to)) return
      const leftMs = item.dueMs - performance.now()
      if (leftMs > 0) {
        timer = setTimeout(pass, Math.ceil(leftMs))
        return
      }
      queue.shift()
      if (item.what === 'reset') return end(true)
      if (item.what === 'end') {
        sink.end()
        continue
      }
      heldBytes -= item.what.length
      counts.bytes += item.what.length
      isDraining = !sink.write(item.what)
      if (heldBytes <= HELD_BYTES_MAX / 2) source.resume()
    }
  }
  sink.on('drain', () => {
    isDraining = false
    pass()
  })
  source.on('data', put)
  source.once('end', () => put('end'))
  source.once('close', () => {
    if (!source.readableEnded) put('reset')
  })
  source.resume()
  return { wake: pass }
}
