import type { PeerInfo } from '../ports.ts'
import type { Gossip } from './gossip.ts'
import type { PeerLedger } from './peer-ledger.ts'
import type { Libp2pNode } from './transport.ts'

/** What {@link listPeerInfos} reads. */
export interface PeerInfoSources {
  readonly node: Libp2pNode
  readonly gossip: Gossip
  readonly ledger: PeerLedger
  /** What each peer called itself. */
  readonly agents: ReadonlyMap<string, string>
  readonly memberIds: readonly string[]
}

/** Every connected peer, those longest connected first. */
export function listPeerInfos(sources: PeerInfoSources): readonly PeerInfo[] {
  const { node, gossip, ledger, agents, memberIds } = sources
  const topics = gossip.listTopicsByPeer()
  const infos = node.getPeers().flatMap((peerId): PeerInfo[] => {
    const connections = node
      .getConnections(peerId)
      .toSorted((a, b) => a.timeline.open - b.timeline.open)
    const [first] = connections
    if (first === undefined) return []
    const peer = peerId.toString()
    const member = ledger.getMember(peer)
    return [
      {
        peerId: peer,
        addresses: connections.map((connection) => connection.remoteAddr.toString()),
        direction: first.direction,
        connectedAtMs: first.timeline.open,
        monitor: member === undefined ? undefined : memberIds[member],
        score: gossip.getScore(peer),
        agent: agents.get(peer),
        topics: topics.get(peer) ?? [],
        latencyMs: connections.findLast((connection) => connection.rtt !== undefined)?.rtt,
      },
    ]
  })
  return infos.toSorted((a, b) => a.connectedAtMs - b.connectedAtMs)
}
