/** How much may be taken at once, and how fast it comes back. */
export interface Rate {
  /** What a full bucket holds. */
  readonly burst: number
  /** What flows in each second. */
  readonly perSecond: number
}

/** A rate with room for bursts. What is asked above `burst` costs a whole bucket, so nothing waits for ever. */
export interface TokenBucket {
  /** Takes `amount` (1), or nothing at all. @returns whether it was there */
  take(amount?: number): boolean
  /** @returns milliseconds until `amount` is there; 0 when it is */
  getWaitMs(amount?: number): number
}

/**
 * @param rate what the bucket holds and regains
 * @param nowMs a clock that never jumps, in milliseconds
 */
export function makeTokenBucket(rate: Rate, nowMs: () => number): TokenBucket {
  let held = rate.burst
  let filledAtMs = nowMs()

  const fill = () => {
    const now = nowMs()
    held = Math.min(rate.burst, held + (Math.max(0, now - filledAtMs) * rate.perSecond) / 1000)
    filledAtMs = now
  }
  return {
    take(amount = 1) {
      fill()
      const cost = Math.min(amount, rate.burst)
      if (held < cost) return false
      held -= cost
      return true
    },
    getWaitMs(amount = 1) {
      fill()
      const missing = Math.min(amount, rate.burst) - held
      return missing <= 0 ? 0 : Math.ceil((missing * 1000) / rate.perSecond)
    },
  }
}

/** One bucket for each peer, bounded: the bucket longest unused makes way, and being unused it was full. */
export interface PeerBuckets {
  get(peer: string): TokenBucket
}

/** @param peersMax most buckets kept */
export function makePeerBuckets(rate: Rate, nowMs: () => number, peersMax: number): PeerBuckets {
  const buckets = new Map<string, TokenBucket>()
  return {
    get(peer) {
      const bucket = buckets.get(peer) ?? makeTokenBucket(rate, nowMs)
      // Set anew, so that the map's order is that of last use.
      buckets.delete(peer)
      buckets.set(peer, bucket)
      if (buckets.size > peersMax) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      return bucket
    },
  }
}
