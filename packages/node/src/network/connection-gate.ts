import type { Connection, ConnectionGater, MultiaddrConnection } from '@libp2p/interface'
import { getNetConfig, isNetworkAddress } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { DropReason } from './drops.ts'

/** Connections one peer may hold: both sides dialling at once, and a dead one not noticed yet. */
const PER_PEER_MAX = 4

/** Bounds of {@link makeConnectionGate}. */
export interface ConnectionGateOptions {
  /** Connections one host may hold, those in their handshake included. */
  readonly perHostMax: number
  /** Inbound connections of peers that are neither configured nor the committee's. */
  readonly strangersMax: number
  /** Connections there are. */
  readonly listConnections: () => readonly Connection[]
  /** Whether a peer is configured, or speaks for a member. */
  readonly isTrusted: (peer: string) => boolean
  /** Whether we still listen to a peer. */
  readonly isHeard: (peer: string) => boolean
  readonly onDenied: (reason: DropReason) => void
}

/** Host of an address, without the port; the whole text of an address that names none. */
export function getHost(address: Multiaddr): string {
  return isNetworkAddress(address) ? getNetConfig(address).host : address.toString()
}

/**
 * Says who may connect, in two steps: before the handshake by host, so that one host cannot hold
 * every pending place; after it by proven peer id, so that strangers leave room for the committee.
 * Our own dials are never refused: a host full of strangers cannot keep a configured peer away.
 */
export function makeConnectionGate(options: ConnectionGateOptions): ConnectionGater {
  const { perHostMax, strangersMax, listConnections, isTrusted, isHeard, onDenied } = options
  const perHost = new Map<string, number>()

  const deny = (reason: DropReason) => {
    onDenied(reason)
    return true
  }
  return {
    denyInboundConnection(connection: MultiaddrConnection) {
      const host = getHost(connection.remoteAddr)
      const held = perHost.get(host) ?? 0
      if (held >= perHostMax) return deny('connections-per-host')
      perHost.set(host, held + 1)
      connection.addEventListener(
        'close',
        () => {
          const left = (perHost.get(host) ?? 1) - 1
          if (left === 0) perHost.delete(host)
          else perHost.set(host, left)
        },
        { once: true },
      )
      return false
    },
    denyInboundEncryptedConnection(peerId) {
      const peer = peerId.toString()
      const connections = listConnections()
      const own = connections.filter((connection) => connection.remotePeer.toString() === peer)
      if (own.length >= PER_PEER_MAX) return deny('connections-per-peer')
      if (isTrusted(peer)) return false
      if (!isHeard(peer)) return deny('low-score')
      const strangers = connections.filter(
        (connection) =>
          connection.direction === 'inbound' && !isTrusted(connection.remotePeer.toString()),
      )
      return strangers.length >= strangersMax ? deny('connections-strangers') : false
    },
  }
}
