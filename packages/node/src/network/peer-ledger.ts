/** How much a peer answers for, by what it did; a score below −{@link penaltyLimit} is no longer heard. */
export const penalties = {
  /** A message our validation rejected, off a direct stream. */
  reject: 20,
  /** Bytes that no honest implementation sends. */
  violation: 40,
  /** An answer that was not asked for, or that the loop found wrong. */
  answer: 25,
  /** A message above the rate of its bringer. */
  flood: 1,
} as const

/** A peer whose score falls below the negative of this is not heard, served or kept. */
export const penaltyLimit = 80

const PENALTY_MAX = 1000
const HALF_LIFE_MS = 60_000
const PEERS_MAX = 4096
const CREDIT_MS = 120_000
/** For this long a relay that was quicker once takes nothing from the peer credited before. */
const FIRM_MS = 20_000

/**
 * What we hold for and against each peer, beyond what gossipsub knows: faults off the topics, and
 * which peer speaks for which member.
 *
 * A peer counts as a member's for two minutes after it was the first to bring an admitted status of
 * that member (SPEC 8.5), one peer a member and one member a peer; another takes its place only when
 * it has not been first for 20 seconds. That is a guess, since a relay may win the race. So it earns
 * a place and a share of work, never belief.
 */
export interface PeerLedger {
  /** Adds points against a peer; they halve every minute. */
  penalize(peer: string, points: number): void
  /** Points against a peer now, at least 0. */
  getPenalty(peer: string): number
  /** The peer brought this member's newest status first. */
  credit(peer: string, member: number): void
  /** Member the peer speaks for, if any. */
  getMember(peer: string): number | undefined
}

/** @param nowMs a clock that never jumps, in milliseconds */
export function makePeerLedger(nowMs: () => number): PeerLedger {
  const faults = new Map<string, { points: number; atMs: number }>()
  const credits = new Map<string, { member: number; atMs: number }>()
  const peersByMember = new Map<number, string>()

  const isFirm = (peer: string, member: number) => {
    const credit = credits.get(peer)
    return credit?.member === member && nowMs() - credit.atMs <= FIRM_MS
  }
  const getPenalty = (peer: string) => {
    const fault = faults.get(peer)
    if (fault === undefined) return 0
    return fault.points * 0.5 ** ((nowMs() - fault.atMs) / HALF_LIFE_MS)
  }
  return {
    getPenalty,
    penalize(peer, points) {
      const sum = Math.min(PENALTY_MAX, getPenalty(peer) + points)
      faults.delete(peer)
      faults.set(peer, { points: sum, atMs: nowMs() })
      if (faults.size > PEERS_MAX) {
        // The one blamed longest ago, whose points have halved the most often.
        const [oldest] = faults.keys()
        if (oldest !== undefined) faults.delete(oldest)
      }
    },
    credit(peer, member) {
      const holder = peersByMember.get(member)
      const isHeld = holder !== undefined && holder !== peer && isFirm(holder, member)
      const other = credits.get(peer)
      if (isHeld || (other !== undefined && other.member !== member && isFirm(peer, other.member)))
        return
      if (holder !== undefined && credits.get(holder)?.member === member) credits.delete(holder)
      peersByMember.set(member, peer)
      // One peer speaks for one member: so both maps hold at most a committee.
      credits.set(peer, { member, atMs: nowMs() })
    },
    getMember(peer) {
      const credit = credits.get(peer)
      if (credit === undefined || nowMs() - credit.atMs > CREDIT_MS) return undefined
      return credit.member
    },
  }
}
