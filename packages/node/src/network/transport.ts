import { noise } from '@chainsafe/libp2p-noise'
import { bootstrap } from '@libp2p/bootstrap'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { makeMuxer } from './muxer.ts'
import { NetworkFault } from './network-fault.ts'

/** The libp2p node, of which this file alone knows transports, encryption and multiplexing. */
export type Libp2pNode = Libp2p<{
  identify: ReturnType<ReturnType<typeof identify>>
  ping: ReturnType<ReturnType<typeof ping>>
  pubsub: GossipSub
}>

/** What {@link makeTransport} needs. */
export interface TransportOptions {
  /** Seed of the Ed25519 key that the peer id is of: 32 bytes. */
  readonly peerKey: Uint8Array
  readonly listen: readonly string[]
  /** Told to others in place of the addresses listened on, when not empty. */
  readonly announce: readonly string[]
  readonly bootstrap: readonly string[]
  readonly connectionsMax: number
  readonly inboundPerHostPerSecond: number
  readonly gate: ConnectionGater
  readonly pubsub: (components: GossipSubComponents) => GossipSub
}

/** One address of a peer, split. */
export interface PeerAddress {
  readonly peer: string
  readonly address: Multiaddr
}

/**
 * @param text a multiaddr that ends in `/p2p/<peer id>`
 * @throws {NetworkFault} `bad-address`
 */
export function parsePeerAddress(text: string): PeerAddress {
  const address = parseAddress(text)
  const peer = address.getComponents().findLast((component) => component.name === 'p2p')?.value
  if (peer === undefined) throw badAddress(text, 'a multiaddr that ends in /p2p/<peer id>')
  return { peer, address }
}

function parseAddress(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (error) {
    throw badAddress(text, 'a multiaddr', error)
  }
}

function badAddress(text: string, expected: string, cause?: unknown): NetworkFault {
  return new NetworkFault('bad-address', `expected ${expected}, got ${text}`, cause, text)
}

/**
 * Makes the libp2p node: TCP, Noise, Yamux, identify, ping, gossipsub. It is not started yet, so that
 * protocols are registered before a peer can ask for them.
 *
 * @throws {NetworkFault} `bad-address`
 */
export async function makeTransport(options: TransportOptions): Promise<Libp2pNode> {
  for (const text of [...options.listen, ...options.announce]) parseAddress(text)
  for (const text of options.bootstrap) parsePeerAddress(text)
  const socket = { noDelay: true, keepAlive: true }
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', options.peerKey),
    nodeInfo: { name: 'watchfire', version: '1', userAgent: 'watchfire/1' },
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [
      tcp({
        listenOpts: socket,
        dialOpts: socket,
        inboundSocketInactivityTimeout: 60_000,
        outboundSocketInactivityTimeout: 60_000,
      }),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [makeMuxer()],
    // The list puts addresses in the peer store, with a tag that keeps these peers when connections
    // are pruned; redial.ts keeps them connected.
    peerDiscovery:
      options.bootstrap.length === 0
        ? []
        : [
            bootstrap({
              list: [...options.bootstrap],
              timeout: 0,
              tagTTL: Number.POSITIVE_INFINITY,
            }),
          ],
    connectionGater: options.gate,
    connectionManager: {
      maxConnections: options.connectionsMax,
      // Many honest peers may share one address (loopback, NAT): the library's 5 a second cuts them off.
      inboundConnectionThreshold: options.inboundPerHostPerSecond,
      maxIncomingPendingConnections: options.connectionsMax,
      inboundUpgradeTimeout: 5000,
      inboundStreamProtocolNegotiationTimeout: 5000,
      outboundStreamProtocolNegotiationTimeout: 5000,
      dialTimeout: 5000,
      addressDialTimeout: 3000,
    },
    // Cuts peers that are gone without a word (power lost, process frozen), and measures latency.
    connectionMonitor: {
      pingInterval: 5000,
      pingTimeout: { minTimeout: 5000, maxTimeout: 10_000 },
    },
    services: { identify: identify(), ping: ping(), pubsub: options.pubsub },
  })
}

/**
 * Starts listening.
 *
 * @throws {NetworkFault} `port-in-use`, `cannot-listen`
 */
export async function startTransport(node: Libp2pNode): Promise<void> {
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    const detail = error instanceof Error ? error.message : String(error)
    if (detail.includes('EADDRINUSE'))
      throw new NetworkFault(
        'port-in-use',
        `peer-to-peer port is in use: ${firstLine(detail, 'EADDRINUSE')}`,
        error,
      )
    throw new NetworkFault(
      'cannot-listen',
      `cannot listen for peers: ${firstLine(detail, 'E')}`,
      error,
    )
  }
}

function firstLine(text: string, containing: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.find((line) => line.includes(containing)) ?? text
}
