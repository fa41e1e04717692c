import { decode, signedStatusType } from '@watchfire/attestation'
import type { Acceptance, Clock, Counters, InboundMessage, Log, TopicName } from '../ports.ts'
import { countDrop, messageCounter } from './drops.ts'
import { type PeerLedger, penalties } from './peer-ledger.ts'
import { toError } from './timing.ts'
import { makePeerBuckets, type Rate } from './token-bucket.ts'
import { topicSpecs } from './topics.ts'

/** What {@link makeInbox} needs. */
export interface InboxOptions {
  readonly membersCount: number
  readonly shards: number
  readonly ledger: PeerLedger
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
}

/** The one way in for every message, whatever brought it. */
export interface Inbox {
  /** Judges a message: bound, rate, then the handler. Never throws. */
  deliver(message: InboundMessage): Acceptance
  setHandler(handler: (message: InboundMessage) => Acceptance): void
  /** When a topic last brought a message, by the clock that never jumps; `undefined`: not yet. */
  getLastHeardMs(topic: TopicName): number | undefined
}

/** A message of this size counts twice against the rate of its bringer. */
const BYTES_PER_TOKEN = 8192
/** Messages a member may send a round besides an attestation for each shard. */
const MESSAGES_PER_ROUND = 8
/** Rounds are 200 ms at least (SPEC 4.4.3). */
const ROUNDS_PER_SECOND_MAX = 5
const PEERS_MAX = 4096

/** What one peer may bring by gossip: all that a whole committee says, at the shortest rounds there are. */
export function getGossipRate(membersCount: number, shards: number): Rate {
  const perSecond = 256 + membersCount * (shards + MESSAGES_PER_ROUND) * ROUNDS_PER_SECOND_MAX
  return { perSecond, burst: perSecond * 8 }
}

export function makeInbox(options: InboxOptions): Inbox {
  const { ledger, clock, counters, log } = options
  const rate = getGossipRate(options.membersCount, options.shards)
  const buckets = makePeerBuckets(rate, () => clock.monotonicMs(), PEERS_MAX)
  const lastHeardMs = new Map<TopicName, number>()
  let handler: ((message: InboundMessage) => Acceptance) | undefined

  // `direct` slows its readers down by itself; what gossip brings cannot be put off.
  const isAboveRate = ({ via, from, bytes }: InboundMessage) =>
    via === 'gossip' && !buckets.get(from).take(1 + bytes.length / BYTES_PER_TOKEN)

  const judge = (message: InboundMessage): Acceptance => {
    if (message.bytes.length > topicSpecs[message.topic].bytesMax) {
      countDrop(counters, 'oversized')
      return 'reject'
    }
    if (isAboveRate(message)) {
      countDrop(counters, 'rate-limited')
      ledger.penalize(message.from, penalties.flood)
      return 'ignore'
    }
    if (handler === undefined) {
      countDrop(counters, 'no-handler')
      return 'ignore'
    }
    try {
      return handler(message)
    } catch (error) {
      // Our own fault: never the peer's (SPEC 8).
      countDrop(counters, 'handler-error')
      log.error({ topic: message.topic, error: toError(error).stack }, 'judging a message failed')
      return 'ignore'
    }
  }

  return {
    deliver(message) {
      const acceptance = judge(message)
      counters.add(messageCounter, `${message.topic}-${acceptance}`)
      lastHeardMs.set(message.topic, clock.monotonicMs())
      if (message.topic === 'status' && acceptance === 'accept') {
        const status = decode(signedStatusType, message.bytes)
        if (status.ok) ledger.credit(message.from, status.value.message.member)
      }
      return acceptance
    },
    setHandler(next) {
      handler = next
    },
    getLastHeardMs: (topic) => lastHeardMs.get(topic),
  }
}
