import type { Connection } from '@libp2p/interface'
import type { Clock, Counters } from '../ports.ts'
import { countDrop } from './drops.ts'

/** What {@link makePeerWatch} needs. */
export interface PeerWatchOptions {
  /** Every connection. */
  readonly listConnections: () => readonly Connection[]
  /** Whether a peer speaks our protocols, and so must gossip. */
  readonly isSpeaker: (peer: string) => boolean
  /** Peers that gossipsub knows. */
  readonly listGossiping: () => ReadonlySet<string>
  /** Whether we still listen to a peer. */
  readonly isHeard: (peer: string) => boolean
  /** Whether a peer is configured, or speaks for a member: it stays connected, whatever it says. */
  readonly isTrusted: (peer: string) => boolean
  readonly counters: Counters
  readonly clock: Clock
  readonly signal: AbortSignal
}

const PERIOD_MS = 1000
/** Looks in a row that must find gossip gone: opening its streams takes a moment. */
const LOOKS = 4
/** As many, for a peer that has not said what it speaks: libp2p waits 5 s for that, and asks once. */
const SILENT_LOOKS = 8
const GOSSIP_PROTOCOL = '/meshsub/'

/**
 * Looks over the connections every second, and cuts three kinds.
 *
 * Those gone deaf: gossipsub opens its stream to a peer once a connection, and never again. When the
 * stream is reset (a peer that was frozen and fell behind), or ran over the one of two connections
 * that ended, the peer stays connected and hears nothing; the connection has to be made anew.
 *
 * Nor does libp2p ask again what a peer speaks, once a connection, where that failed: the peer stays
 * connected, so nobody dials it, and neither gossip, direct streams nor requests run. Of peers to stay
 * connected to, such a connection is made anew too; others may speak something else.
 *
 * And those of strangers that are no longer heard, since they take a place.
 */
export function makePeerWatch(options: PeerWatchOptions): { start(): void } {
  const { listConnections, isSpeaker, listGossiping, isHeard, isTrusted } = options
  const { counters, clock, signal } = options
  let deafLooks = new Map<string, number>()

  const look = () => {
    const gossiping = listGossiping()
    const byPeer = Map.groupBy(listConnections(), ({ remotePeer }) => remotePeer.toString())
    const next = new Map<string, number>()
    for (const [peer, connections] of byPeer) {
      if (!isHeard(peer) && !isTrusted(peer)) {
        countDrop(counters, 'low-score')
        for (const connection of connections) connection.abort(new Error('the peer is not heard'))
        continue
      }
      const isSpeaking = isSpeaker(peer)
      const isWell = isSpeaking
        ? gossiping.has(peer) && connections.some(hasGossipStream)
        : !isTrusted(peer)
      if (isWell) continue
      const looks = (deafLooks.get(peer) ?? 0) + 1
      if (looks < (isSpeaking ? LOOKS : SILENT_LOOKS)) {
        next.set(peer, looks)
        continue
      }
      countDrop(counters, 'gossip-lost')
      for (const connection of connections) connection.abort(new Error('gossip is lost'))
    }
    deafLooks = next
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

function hasGossipStream({ streams }: Connection): boolean {
  return streams.some(
    (stream) =>
      stream.direction === 'outbound' &&
      stream.status === 'open' &&
      stream.protocol.startsWith(GOSSIP_PROTOCOL),
  )
}
