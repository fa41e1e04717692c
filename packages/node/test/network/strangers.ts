import { noise } from '@chainsafe/libp2p-noise'
import { identify } from '@libp2p/identify'
import type { Stream, StreamHandler } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { getProtocol, type ProtocolName } from '../../src/network/protocols.ts'
import { makeMuxer } from '../../src/network/muxer.ts'
import { networkId, type TestNode } from './harness.ts'

/** A peer that speaks libp2p and otherwise does as it likes. */
export interface Stranger {
  readonly node: Libp2p
  /** Connects to a node. */
  connect(target: TestNode): Promise<void>
  /** Opens a stream to a node, connecting where it is not. */
  open(target: TestNode, name: ProtocolName | 'direct'): Promise<Stream>
  /** Opens a stream of gossipsub's to a node. */
  openGossip(target: TestNode): Promise<Stream>
  /** Opens a stream to another of its kind that listens. */
  openTo(target: Stranger, name: ProtocolName | 'direct'): Promise<Stream>
}

/** Makes peers without manners, and stops them again. */
export function makeStrangers() {
  const made: Libp2p[] = []
  return {
    /** @param handlers what it does when asked, by protocol */
    async make(
      handlers: Partial<Record<ProtocolName | 'direct', StreamHandler>> = {},
      { listen = false, gossips = true } = {},
    ): Promise<Stranger> {
      const node = await createLibp2p({
        start: false,
        addresses: { listen: listen ? ['/ip4/127.0.0.1/tcp/0'] : [] },
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [makeMuxer()],
        services: { identify: identify() },
      })
      made.push(node)
      for (const [name, handler] of Object.entries(handlers))
        await node.handle(getProtocol(networkId, name as ProtocolName), handler)
      // It takes gossip and says nothing: without that it would be cut as a peer gone deaf.
      if (gossips) await node.handle('/meshsub/1.2.0', () => undefined)
      await node.start()
      return {
        node,
        async connect(target) {
          await node.dial(multiaddr(target.address))
        },
        async open(target, name) {
          const protocol = getProtocol(networkId, name)
          return node.dialProtocol(multiaddr(target.address), protocol)
        },
        async openGossip(target) {
          return node.dialProtocol(multiaddr(target.address), '/meshsub/1.2.0')
        },
        async openTo(target, name) {
          return node.dialProtocol(target.node.getMultiaddrs(), getProtocol(networkId, name))
        },
      }
    },
    async stop() {
      await Promise.all(made.splice(0).map(async (node) => node.stop()))
    },
  }
}
