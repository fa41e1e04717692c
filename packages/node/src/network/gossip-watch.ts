import type { Connection } from '@libp2p/interface'
import type { Clock, Counters } from '../ports.ts'
import { countDrop } from './drops.ts'

/** What {@link makeGossipWatch} needs. */
export interface GossipWatchOptions {
  /** Connected peers that speak our protocols, and so must gossip. */
  readonly listPeers: () => readonly string[]
  readonly listConnections: (peer: string) => readonly Connection[]
  /** Whether gossipsub knows the peer. */
  readonly hasGossip: (peer: string) => boolean
  readonly counters: Counters
  readonly clock: Clock
  readonly signal: AbortSignal
}

const PERIOD_MS = 1000
/** Looks in a row that must find gossip gone: opening its streams takes a moment. */
const LOOKS = 4
const GOSSIP_PROTOCOL = '/meshsub/'

/**
 * gossipsub opens its stream to a peer once a connection, and never again: when the stream is reset
 * (a peer that was frozen and fell behind), or ran over the one of two connections that ended, the
 * peer stays connected and deaf. This closes such connections, so that they are made anew.
 */
export function makeGossipWatch(options: GossipWatchOptions): { start(): void } {
  const { listPeers, listConnections, hasGossip, counters, clock, signal } = options
  let lostLooks = new Map<string, number>()

  const isLost = (peer: string) =>
    !hasGossip(peer) ||
    !listConnections(peer).some((connection) =>
      connection.streams.some(
        (stream) =>
          stream.direction === 'outbound' &&
          stream.status === 'open' &&
          stream.protocol.startsWith(GOSSIP_PROTOCOL),
      ),
    )
  const look = () => {
    const next = new Map<string, number>()
    for (const peer of listPeers()) {
      if (!isLost(peer)) continue
      const looks = (lostLooks.get(peer) ?? 0) + 1
      if (looks < LOOKS) {
        next.set(peer, looks)
        continue
      }
      countDrop(counters, 'gossip-lost')
      for (const connection of listConnections(peer)) connection.abort(new Error('gossip is lost'))
    }
    lostLooks = next
    schedule()
  }
  const schedule = () => {
    if (signal.aborted) return
    const cancel = clock.setTimer(PERIOD_MS, () => {
      signal.removeEventListener('abort', cancel)
      look()
    })
    signal.addEventListener('abort', cancel, { once: true })
  }
  return { start: schedule }
}
