import type { Counters } from '../ports.ts'

/**
 * Why the network layer dropped something a peer sent, refused a peer, or gave up on one: the labels
 * of the counter {@link dropCounter}. A closed set.
 */
export type DropReason =
  /** A frame or message above its bound (SPEC 8.1, 10). */
  | 'oversized'
  /** Bytes that do not decode strictly, or a topic number that is none. */
  | 'malformed'
  /** A message came before the node was ready to judge it. */
  | 'no-handler'
  /** Our own validation threw: the peer is not at fault. */
  | 'handler-error'
  /** The peer's score is below what we listen to. */
  | 'low-score'
  /** More requests, messages or bytes than one peer may send. */
  | 'rate-limited'
  /** Every place for serving is taken. */
  | 'busy'
  /** Our queue to a slow peer was full: its oldest messages went. */
  | 'queue-full'
  /** A peer did not read what it asked for in time. */
  | 'slow-reader'
  /** A peer opened a request and did not send it in time. */
  | 'slow-request'
  /** A peer did not answer in time. */
  | 'timeout'
  /** A stream broke in the middle of an exchange. */
  | 'stream-broken'
  /** An answer that was not asked for, out of order, or beyond the count. */
  | 'unexpected-answer'
  /** Reading our own store for a peer failed. */
  | 'source-error'
  /** One host holds too many connections. */
  | 'connections-per-host'
  /** One peer holds too many connections. */
  | 'connections-per-peer'
  /** The places for peers that are no part of the committee are taken. */
  | 'connections-strangers'
  /** A connection over which gossip no longer runs; it is closed, to be made anew. */
  | 'gossip-lost'
  /** The loop found a fetched answer wrong. */
  | 'reported'

/** Counter of everything dropped, labelled with a {@link DropReason}. */
export const dropCounter = 'network-drops'
/** Counter of messages judged, labelled `<topic>-<acceptance>`. */
export const messageCounter = 'network-messages'
/** Counter of requests answered, labelled with the protocol. */
export const servedCounter = 'network-served'
/** Counter of answers fetched, labelled with the protocol. */
export const fetchedCounter = 'network-fetched'

/** Counts a drop. */
export function countDrop(counters: Counters, reason: DropReason, by = 1): void {
  counters.add(dropCounter, reason, by)
}
