import { createHash } from 'node:crypto'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/** A peer that is no member: it listens on every topic of a network, and dials whoever is gone again. */
export interface PassivePeer {
  /** Gossips bytes, as anybody may. */
  publish(topic: string, bytes: Uint8Array): Promise<void>
  stop(): Promise<void>
}

/** How often peers that are gone are dialled. */
const REDIAL_MS = 150

/**
 * @param networkId in hex, as topics carry it (SPEC 8)
 * @param onMessage topic without its beginning: `vote`, `attestation/0`
 */
export async function startPassivePeer(
  networkId: string,
  addresses: readonly string[],
  onMessage: (topic: string, bytes: Uint8Array, from: string) => void,
): Promise<PassivePeer> {
  const prefix = `/watchfire/1/${networkId}/`
  const node = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { dialTimeout: 1000 },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        fallbackToFloodsub: false,
        floodPublish: true,
        emitSelf: false,
        // SPEC 8: the first 20 bytes of sha256(topic ‖ 0x00 ‖ data).
        msgIdFn: ({ topic, data }) =>
          createHash('sha256').update(`${topic}\0`).update(data).digest().subarray(0, 20),
      }),
    },
  })
  const { pubsub } = node.services
  pubsub.addEventListener('gossipsub:message', ({ detail: { msg, propagationSource } }) => {
    if (msg.topic.startsWith(prefix))
      onMessage(msg.topic.slice(prefix.length), msg.data, propagationSource.toString())
  })
  for (const name of ['attestation/0', 'proposal', 'vote', 'certificate', 'evidence', 'status'])
    pubsub.subscribe(prefix + name)

  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  async function redial(): Promise<void> {
    const connected = new Set(node.getPeers().map((peer) => peer.toString()))
    await Promise.allSettled(
      addresses
        .filter((address) => !connected.has(address.replace(/.*\/p2p\//, '')))
        .map((address) => node.dial(multiaddr(address))),
    )
    if (!isStopped) timer = setTimeout(() => void redial(), REDIAL_MS)
  }
  await redial()

  return {
    async publish(topic, bytes) {
      await pubsub.publish(prefix + topic, bytes)
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await node.stop()
    },
  }
}
