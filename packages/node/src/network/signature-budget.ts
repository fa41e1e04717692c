import type { SignatureBudget } from '../ports.ts'
import { makePeerBuckets, makeTokenBucket, type Rate } from './token-bucket.ts'

/** Bounds of {@link makeSignatureBudget}. */
export interface SignatureBudgetOptions {
  /** A clock that never jumps, in milliseconds. */
  readonly nowMs: () => number
  /** Whether a peer brought a member's own record lately. */
  readonly isCommittee: (peer: string) => boolean
  /** Told of each refusal. */
  readonly onRefused?: (cause: 'connection' | 'everyone') => void
  /** Slow checks for one connection. */
  readonly perPeer?: Rate
  /** Slow checks for all connections that are not the committee's. */
  readonly strangers?: Rate
  /** Slow checks kept for the committee's connections and for what blocks name. */
  readonly committee?: Rate
  /** Most connections told apart. */
  readonly peersMax?: number
}

/**
 * Rations the slow signature check of SPEC 2.3, at about 1.7 ms each: the defaults let all strangers
 * together take 5 % of a core, and the committee and blocks as much again that no stranger can touch.
 *
 * The connection that delivered a message pays, never the member it claims to be from: fifty forging
 * peers empty the strangers' share and their own, and a member's message still passes by the share
 * kept for its connection, or by a block that names it. Honest signatures need no slow check at all.
 */
export function makeSignatureBudget(options: SignatureBudgetOptions): SignatureBudget {
  const { nowMs, isCommittee, onRefused } = options
  const perPeer = makePeerBuckets(
    options.perPeer ?? { burst: 10, perSecond: 5 },
    nowMs,
    options.peersMax ?? 4096,
  )
  const strangers = makeTokenBucket(options.strangers ?? { burst: 30, perSecond: 30 }, nowMs)
  const committee = makeTokenBucket(options.committee ?? { burst: 60, perSecond: 30 }, nowMs)
  return {
    take(peer, isNamedByBlock) {
      // What a block names is bounded by the block, and must not wait for whoever happens to bring it.
      if (!isNamedByBlock && !perPeer.get(peer).take()) {
        onRefused?.('connection')
        return false
      }
      if ((isNamedByBlock || isCommittee(peer)) && committee.take()) return true
      if (strangers.take()) return true
      onRefused?.('everyone')
      return false
    },
  }
}
