import type { Connection, Stream } from '@libp2p/interface'
import { decode, encode } from '@watchfire/attestation'
import type { Acceptance, Clock, Counters, InboundMessage, TopicName } from '../ports.ts'
import { countDrop } from './drops.ts'
import { isViolation, readFrames, writeFrame } from './frames.ts'
import { penalties, type PeerLedger } from './peer-ledger.ts'
import { directBytesMax, directMessageType } from './protocols.ts'
import { sleep, toError } from './timing.ts'
import { makePeerBuckets } from './token-bucket.ts'
import { getTopicByNumber, topicSpecs } from './topics.ts'

/** What {@link makeDirect} needs. */
export interface DirectOptions {
  /** Opens a stream of the protocol over a living connection; rejects when there is none. */
  readonly open: (peer: string, signal: AbortSignal) => Promise<Stream>
  /** Judges a message; must not throw. */
  readonly deliver: (message: InboundMessage) => Acceptance
  readonly isHeard: (peer: string) => boolean
  readonly ledger: PeerLedger
  readonly clock: Clock
  readonly counters: Counters
  readonly signal: AbortSignal
}

/** A message for `direct`. */
export interface DirectMessage {
  readonly topic: TopicName
  readonly bytes: Uint8Array
}

/**
 * The `direct` protocol of SPEC 10: one long-lived one-way stream to each peer that speaks it. What
 * gossip has once dropped or ignored reaches nobody by gossip again for two minutes; this reaches.
 */
export interface Direct {
  onConnected(peer: string): void
  onDisconnected(peer: string): void
  /** Queues for every peer. Never waits: what a slow peer cannot take goes, oldest first. */
  send(messages: readonly DirectMessage[]): void
  /** Reads a peer's stream until it ends. Never rejects. */
  serve(stream: Stream, connection: Connection): Promise<void>
}

const QUEUE_MESSAGES_MAX = 512
const QUEUE_BYTES_MAX = 4_194_304
const OPEN_TIMEOUT_MS = 5000
const REOPEN_MS = 250
const REOPEN_MS_MAX = 4000
/** What one peer may send: a member repeats a handful of votes a view; after a restart, more at once. */
const MESSAGE_RATE = { burst: 1024, perSecond: 200 }
const BYTE_RATE = { burst: 8_388_608, perSecond: 2_097_152 }
const PEERS_MAX = 4096

interface Link {
  readonly peer: string
  readonly queue: Uint8Array[]
  queueBytes: number
  isRunning: boolean
  readonly closing: AbortController
}

export function makeDirect(options: DirectOptions): Direct {
  const { open, deliver, isHeard, ledger, clock, counters, signal } = options
  const links = new Map<string, Link>()
  const nowMs = () => clock.monotonicMs()
  const messageBuckets = makePeerBuckets(MESSAGE_RATE, nowMs, PEERS_MAX)
  const byteBuckets = makePeerBuckets(BYTE_RATE, nowMs, PEERS_MAX)

  /** Sends what is queued; ends when the queue is empty or the link is closed. */
  const run = async (link: Link, stream: Stream | undefined): Promise<Stream | undefined> => {
    const until = AbortSignal.any([signal, link.closing.signal])
    let current = stream
    let reopenMs = REOPEN_MS
    while (!until.aborted) {
      const frame = link.queue[0]
      if (frame === undefined) return current
      try {
        if (current === undefined || current.status !== 'open') {
          current = await open(
            link.peer,
            AbortSignal.any([until, AbortSignal.timeout(OPEN_TIMEOUT_MS)]),
          )
        }
        await writeFrame(current, frame, until)
        reopenMs = REOPEN_MS
        // The queue may have dropped this very frame while it was being written.
        if (link.queue[0] === frame) dropOldest(link)
      } catch (error) {
        current?.abort(toError(error))
        current = undefined
        if (until.aborted) return undefined
        countDrop(counters, 'stream-broken')
        await sleep(clock, reopenMs, until)
        reopenMs = Math.min(REOPEN_MS_MAX, reopenMs * 2)
      }
    }
    current?.abort(new Error('peer is gone'))
    return undefined
  }
  const dropOldest = (link: Link) => {
    const oldest = link.queue.shift()
    if (oldest !== undefined) link.queueBytes -= oldest.length
  }
  const streams = new Map<Link, Stream>()
  const kick = (link: Link) => {
    if (link.isRunning) return
    link.isRunning = true
    // `run` handles its own faults; whatever else it throws is a bug of ours and must surface.
    void run(link, streams.get(link)).then((stream) => {
      link.isRunning = false
      if (stream === undefined) streams.delete(link)
      else streams.set(link, stream)
      // Once the network closes `run` ends at once, queue or not: to go on would never end.
      if (signal.aborted) return
      if (link.queue.length > 0 && links.get(link.peer) === link) kick(link)
    })
  }

  /** One message off a peer's stream. */
  const receive = (frame: Uint8Array, from: string) => {
    const decoded = decode(directMessageType, frame)
    const topic = decoded.ok ? getTopicByNumber(decoded.value.topic) : undefined
    if (!decoded.ok || topic === undefined) {
      countDrop(counters, 'malformed')
      ledger.penalize(from, penalties.violation)
      return
    }
    // The stream names no shard: the message itself does, and its validator reads it there.
    const { data } = decoded.value
    const acceptance = deliver({ topic, shard: undefined, bytes: data, from, via: 'direct' })
    if (acceptance === 'reject') ledger.penalize(from, penalties.reject)
  }

  return {
    onConnected(peer) {
      if (links.has(peer)) return
      links.set(peer, {
        peer,
        queue: [],
        queueBytes: 0,
        isRunning: false,
        closing: new AbortController(),
      })
    },
    onDisconnected(peer) {
      const link = links.get(peer)
      if (link === undefined) return
      links.delete(peer)
      link.closing.abort(new Error('peer is gone'))
      streams.get(link)?.abort(new Error('peer is gone'))
      streams.delete(link)
    },
    send(messages) {
      const frames = messages.map(({ topic, bytes }) =>
        encode(directMessageType, { topic: topicSpecs[topic].number, data: bytes }),
      )
      for (const link of links.values()) {
        for (const frame of frames) {
          link.queue.push(frame)
          link.queueBytes += frame.length
          while (link.queue.length > QUEUE_MESSAGES_MAX || link.queueBytes > QUEUE_BYTES_MAX) {
            dropOldest(link)
            countDrop(counters, 'queue-full')
          }
        }
        kick(link)
      }
    },
    async serve(stream, connection) {
      const from = connection.remotePeer.toString()
      try {
        for await (const frame of readFrames(stream, directBytesMax, signal)) {
          if (!isHeard(from)) {
            countDrop(counters, 'low-score')
            throw new Error('the peer is not heard')
          }
          // Not reading on is what slows a flooding peer down: its window closes.
          const waitMs = Math.max(
            messageBuckets.get(from).getWaitMs(),
            byteBuckets.get(from).getWaitMs(frame.length),
          )
          if (waitMs > 0) {
            countDrop(counters, 'rate-limited')
            await sleep(clock, waitMs, signal)
          }
          messageBuckets.get(from).take()
          byteBuckets.get(from).take(frame.length)
          receive(frame, from)
        }
        // Nothing is ever written here: both ends are closed once the peer closed its own.
        await stream.close()
      } catch (error) {
        const violation = isViolation(error)
        if (violation !== undefined) {
          countDrop(counters, violation)
          ledger.penalize(from, penalties.violation)
        }
        stream.abort(toError(error))
      }
    },
  }
}
