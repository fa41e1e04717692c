import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { type Digest, isText } from '@watchfire/attestation'
import type {
  Clock,
  Counters,
  InboundMessage,
  Log,
  Network,
  NetworkSource,
  SignatureBudget,
} from '../ports.ts'
import { makeAsker } from './ask.ts'
import { makeConnectionGate } from './connection-gate.ts'
import { makeDirect } from './direct.ts'
import { countDrop } from './drops.ts'
import { makeFetcher } from './fetch.ts'
import { type Gossip, makeGossip } from './gossip.ts'
import { makeInbox } from './inbox.ts'
import { makePeerLedger, penalties } from './peer-ledger.ts'
import { listPeerInfos } from './peer-info.ts'
import { makePeerWatch } from './peer-watch.ts'
import { getProtocol, type ProtocolName, protocolSpecs } from './protocols.ts'
import { makeRedialer } from './redial.ts'
import { makeServer } from './serve.ts'
import { makeSignatureBudget } from './signature-budget.ts'
import { topicNames, topicSpecs } from './topics.ts'
import { type Libp2pNode, makeTransport, parsePeerAddress, startTransport } from './transport.ts'

/** What {@link openNetwork} needs. */
export interface NetworkOptions {
  readonly networkId: Digest
  /** Shards of the network: as many attestation topics. */
  readonly shards: number
  /** Members' ids in the order of the committee, for display and to reserve places. */
  readonly memberIds: readonly string[]
  /** Seed of the Ed25519 key that the peer id is of: 32 bytes. Not the monitor's key. */
  readonly peerKey: Uint8Array
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  /** Multiaddrs with peer id, of peers to stay connected to. */
  readonly bootstrap: readonly string[]
  readonly connectionsMax: number
  readonly connectionsPerHostMax: number
  readonly inboundPerHostPerSecond: number
  /** What peers are served from. */
  readonly source: NetworkSource
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
  /** A number from 0 to 1, for jitter; `Math.random` when absent. */
  readonly random?: () => number
}

/** The network, and what goes with it. */
export interface OpenNetwork extends Network {
  /** Rations slow signature checks by the connection that caused them. */
  readonly signatureBudget: SignatureBudget
}

const DIRECT_STREAMS_MAX = 2
const REQUEST_STREAMS_MAX = 8
const GAUGE_MS = 1000

/**
 * Connects to peers and stays connected: gossip, direct streams, requests and answers (SPEC 8, 10).
 * Messages that come before `onMessage` has set a handler are ignored and counted.
 *
 * @throws {NetworkFault} `bad-address`, `port-in-use`, `cannot-listen`
 */
export async function openNetwork(options: NetworkOptions): Promise<OpenNetwork> {
  const { networkId, memberIds, clock, counters, log } = options
  const closing = new AbortController()
  const nowMs = () => clock.monotonicMs()
  const ledger = makePeerLedger(nowMs)
  const bootstrap = options.bootstrap.map(parsePeerAddress)
  const configured = new Set(bootstrap.map(({ peer }) => peer))
  const isTrusted = (peer: string) => configured.has(peer) || ledger.getMember(peer) !== undefined

  const inbox = makeInbox({ ...options, membersCount: memberIds.length, ledger })
  const deliver = (message: InboundMessage) => inbox.deliver(message)

  // --- Adapters, from the outside in
  const held: { node?: Libp2pNode } = {}
  const getNode = () => {
    if (held.node === undefined) throw new Error('libp2p is used before it was made')
    return held.node
  }
  const gossip: Gossip = makeGossip({
    networkId,
    shards: options.shards,
    membersCount: memberIds.length,
    deliver,
    getPenalty: (peer) => ledger.getPenalty(peer),
  })
  const speakers = new Map<string, PeerId>()
  const getConnection = (peer: string): Connection | undefined => {
    const peerId = speakers.get(peer)
    if (peerId === undefined) return undefined
    // The newest: an older one may be of a process that is no more.
    return getNode()
      .getConnections(peerId)
      .filter((connection) => connection.status === 'open')
      .toSorted((a, b) => b.timeline.open - a.timeline.open)[0]
  }
  const open = async (
    name: ProtocolName | 'direct',
    peer: string,
    signal: AbortSignal,
  ): Promise<Stream> => {
    const connection = getConnection(peer)
    if (connection === undefined) throw new Error('the peer is not connected')
    return connection.newStream(getProtocol(networkId, name), { signal })
  }
  const isHeard = (peer: string) => gossip.isHeard(peer)
  const shared = { ledger, clock, counters, log, isHeard, signal: closing.signal }
  const direct = makeDirect({
    ...shared,
    open: (peer, signal) => open('direct', peer, signal),
    deliver,
  })
  const server = makeServer({ ...shared, isTrusted, source: options.source })
  const asker = makeAsker({ ...shared, listPeers: () => [...speakers.keys()], isTrusted, open })
  const fetcher = makeFetcher(networkId, asker)
  const trustedMax = configured.size + memberIds.length
  const gate = makeConnectionGate({
    perHostMax: options.connectionsPerHostMax,
    // At least half of the places are for strangers; the committee has twice what it needs of the rest.
    strangersMax:
      options.connectionsMax - Math.min(Math.floor(options.connectionsMax / 2), trustedMax * 2),
    listConnections: () => getNode().getConnections(),
    isTrusted,
    isHeard,
    onDenied: (reason) => countDrop(counters, reason),
  })
  const made = await makeTransport({ ...options, gate, pubsub: gossip.service })
  held.node = made
  const redialer = makeRedialer({
    peers: [...configured].filter((peer) => peer !== made.peerId.toString()),
    isConnected: (peer) =>
      made.getConnections().some((connection) => connection.remotePeer.toString() === peer),
    dial: (peer, signal) =>
      made.dial(
        bootstrap.filter((address) => address.peer === peer).map(({ address }) => address),
        { signal },
      ),
    clock,
    random: options.random ?? Math.random,
    signal: closing.signal,
  })
  const watch = makePeerWatch({
    listConnections: () => made.getConnections(),
    isSpeaker: (peer) => speakers.has(peer),
    listGossiping: () => gossip.listPeers(),
    isHeard,
    isTrusted,
    counters,
    clock,
    signal: closing.signal,
  })

  // --- Who is there
  const agents = new Map<string, string>()
  const peersHandlers: (() => void)[] = []
  const onPeersChange = () => {
    for (const changed of peersHandlers) changed()
  }
  // What comes of a peer after it has gone must leave no trace.
  const isConnected = (peerId: PeerId) => made.getConnections(peerId).length > 0
  made.addEventListener('peer:identify', ({ detail }) => {
    if (!isConnected(detail.peerId)) return
    const agent = detail.agentVersion?.slice(0, 64) ?? ''
    if (isText(new TextEncoder().encode(agent))) agents.set(detail.peerId.toString(), agent)
  })
  made.addEventListener('peer:connect', onPeersChange)
  made.addEventListener('peer:disconnect', ({ detail }) => {
    const peer = detail.toString()
    speakers.delete(peer)
    agents.delete(peer)
    direct.onDisconnected(peer)
    redialer.onDisconnected(peer)
    onPeersChange()
  })
  await made.register(getProtocol(networkId, 'direct'), {
    onConnect(peerId) {
      if (!isConnected(peerId)) return
      speakers.set(peerId.toString(), peerId)
      direct.onConnected(peerId.toString())
      onPeersChange()
    },
  })

  // --- Before the start, so that the first peer that asks finds everything
  await made.handle(
    getProtocol(networkId, 'direct'),
    (stream, connection) => direct.serve(stream, connection),
    { maxInboundStreams: DIRECT_STREAMS_MAX, maxOutboundStreams: DIRECT_STREAMS_MAX },
  )
  for (const name of Object.keys(protocolSpecs) as ProtocolName[]) {
    await made.handle(
      getProtocol(networkId, name),
      (stream, connection) => server.serve(name, stream, connection),
      { maxInboundStreams: REQUEST_STREAMS_MAX, maxOutboundStreams: REQUEST_STREAMS_MAX * 2 },
    )
  }
  await startTransport(made)
  gossip.join()
  redialer.start()
  watch.start()

  const setGauges = () => {
    const connections = made.getConnections()
    for (const direction of ['inbound', 'outbound'] as const) {
      const count = connections.filter((connection) => connection.direction === direction).length
      counters.set('network-connections', count, direction)
    }
    counters.set('network-speakers', speakers.size)
    for (const topic of topicNames) {
      const lastMs = inbox.getLastHeardMs(topic)
      // Silence on a topic that was heard before tells of a lost mesh.
      if (lastMs !== undefined) counters.set('network-silence-ms', nowMs() - lastMs, topic)
    }
    cancelGauges = clock.setTimer(GAUGE_MS, setGauges)
  }
  let cancelGauges = clock.setTimer(0, setGauges)

  return {
    ...fetcher,
    peerId: made.peerId.toString(),
    get addresses() {
      return made.getMultiaddrs().map((address) => address.toString())
    },
    signatureBudget: makeSignatureBudget({
      nowMs,
      isCommittee: (peer) => ledger.getMember(peer) !== undefined,
      onRefused: (cause) => counters.add('network-slow-checks-refused', cause),
    }),
    async publish(topic, shard, bytes) {
      if (bytes.length > topicSpecs[topic].bytesMax) {
        throw new Error(`${bytes.length} bytes are too many for ${topic}`)
      }
      if (closing.signal.aborted) return 0
      return gossip.publish(topic, shard, bytes)
    },
    sendDirect: (messages) => direct.send(messages),
    onMessage: (handler) => inbox.setHandler(handler),
    onPeersChange(changed) {
      peersHandlers.push(changed)
    },
    reportPeer(peer, code) {
      countDrop(counters, 'reported')
      log.warn({ peer, code }, 'what a peer answered was wrong')
      if (peer !== '') ledger.penalize(peer, penalties.answer)
    },
    peers: () => listPeerInfos({ node: made, gossip, ledger, agents, memberIds }),
    async close() {
      if (closing.signal.aborted) return
      closing.abort(new Error('the network is closing'))
      cancelGauges()
      await made.stop()
    },
  }
}
