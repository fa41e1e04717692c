import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type GossipsubMessage,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub'
import type { Digest } from '@watchfire/attestation'
import type { Acceptance, InboundMessage, TopicName } from '../ports.ts'
import { makePeerScoring, scoreThresholds } from './gossip-scoring.ts'
import { penaltyLimit } from './peer-ledger.ts'
import { getGossipName, getMessageId, listTopics, type Topic } from './topics.ts'

/** What the library's class has beyond its declared interface. */
interface Router extends GossipSub {
  reportMessageValidationResult(
    messageId: string,
    propagationSource: string,
    acceptance: TopicValidatorResult,
  ): void
  getScore(peer: string): number
}

/** What {@link makeGossip} needs. */
export interface GossipOptions {
  readonly networkId: Digest
  readonly shards: number
  readonly membersCount: number
  /** Judges a message; must not throw. */
  readonly deliver: (message: InboundMessage) => Acceptance
  readonly getPenalty: (peer: string) => number
}

/** Our side of gossipsub. */
export interface Gossip {
  /** For libp2p's services. */
  readonly service: (components: GossipSubComponents) => GossipSub
  /** Joins every topic; once libp2p has started. */
  join(): void
  /** @returns peers it was sent to; 0 when nobody is there, or when the same content was sent before */
  publish(topic: TopicName, shard: number, bytes: Uint8Array): Promise<number>
  /** Score of a peer; what it did over `direct` and requests counts in it. */
  getScore(peer: string): number
  /** Whether we still listen to a peer. */
  isHeard(peer: string): boolean
  /** Peers that gossip runs with, as far as gossipsub knows. */
  listPeers(): ReadonlySet<string>
  /** Topics each peer said it is in, in short form. */
  listTopicsByPeer(): ReadonlyMap<string, readonly string[]>
}

/** Up to this many members, what we publish goes to every peer at once: one hop less. */
const FLOOD_MEMBERS_MAX = 32
/** Most bytes of one RPC: a few of the largest messages. What is above ends the stream. */
const RPC_BYTES_MAX = 4_194_304
/** Bytes that may wait for a slow peer before its stream is reset. */
const OUTBOUND_BYTES_MAX = 8_388_608

const acceptances: Readonly<Record<Acceptance, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/**
 * gossipsub as SPEC 8 wants it: StrictNoSign (our messages carry their own signatures), ids by
 * content, only our topics, every message judged before it goes on.
 */
export function makeGossip(options: GossipOptions): Gossip {
  const { networkId, shards, membersCount, deliver, getPenalty } = options
  const topics = new Map<string, Topic>(
    listTopics(networkId, shards).map((topic) => [topic.gossipName, topic]),
  )
  const gossipNames = [...topics.keys()]
  let router: Router | undefined

  const getRouter = () => {
    if (router === undefined) throw new Error('gossip is used before libp2p was made')
    return router
  }
  const onMessage = (event: CustomEvent<GossipsubMessage>) => {
    const { msg, msgId, propagationSource } = event.detail
    const from = propagationSource.toString()
    const topic = topics.get(msg.topic)
    // allowedTopics lets no other through: were that to change, nobody is at fault.
    const acceptance =
      topic === undefined
        ? 'ignore'
        : deliver({ topic: topic.name, shard: topic.shard, bytes: msg.data, from, via: 'gossip' })
    getRouter().reportMessageValidationResult(msgId, from, acceptances[acceptance])
  }

  return {
    service(components) {
      const made = gossipsub({
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: (message) => getMessageId(message.topic, message.data),
        asyncValidation: true,
        allowedTopics: gossipNames,
        fallbackToFloodsub: false,
        floodPublish: membersCount <= FLOOD_MEMBERS_MAX,
        emitSelf: false,
        doPX: false,
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        // Meshes hold strangers too; who is kept when connections are pruned is not theirs to earn.
        tagMeshPeers: false,
        D: 8,
        Dlo: 6,
        Dhi: 12,
        Dscore: 5,
        Dout: 2,
        Dlazy: 6,
        maxInboundStreams: 2,
        maxOutboundStreams: 2,
        maxInboundDataLength: RPC_BYTES_MAX,
        maxOutboundBufferSize: OUTBOUND_BYTES_MAX,
        decodeRpcLimits: {
          maxSubscriptions: gossipNames.length * 2,
          maxMessages: 1024,
          maxIhaveMessageIDs: 5000,
          maxIwantMessageIDs: 5000,
          maxIdontwantMessageIDs: 512,
          maxControlMessages: gossipNames.length * 2,
          maxPeerInfos: 16,
        },
        scoreParams: makePeerScoring(gossipNames, getPenalty),
        scoreThresholds,
      })(components) as Router
      if (typeof made.getScore !== 'function') throw new Error('gossipsub has no scores')
      router = made
      return made
    },
    join() {
      const joined = getRouter()
      joined.addEventListener('gossipsub:message', onMessage)
      for (const name of gossipNames) joined.subscribe(name)
    },
    async publish(topic, shard, bytes) {
      const name = getGossipName(networkId, topic, shard)
      if (!topics.has(name)) throw new Error(`there is no topic ${topic} of shard ${shard}`)
      const { recipients } = await getRouter().publish(name, bytes)
      return recipients.length
    },
    getScore: (peer) => getRouter().getScore(peer),
    // gossipsub knows no score for a peer that never spoke gossip.
    isHeard: (peer) =>
      getPenalty(peer) <= penaltyLimit && getRouter().getScore(peer) >= -penaltyLimit,
    listPeers: () =>
      new Set(
        getRouter()
          .getPeers()
          .map((peer) => peer.toString()),
      ),
    listTopicsByPeer() {
      const byPeer = new Map<string, string[]>()
      for (const { name, shard, gossipName } of topics.values()) {
        const short = shard === undefined ? name : `${name}/${shard}`
        for (const peer of getRouter().getSubscribers(gossipName)) {
          const names = byPeer.get(peer.toString()) ?? []
          names.push(short)
          byPeer.set(peer.toString(), names)
        }
      }
      return byPeer
    },
  }
}
