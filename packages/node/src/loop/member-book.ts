import {
  type EpochContext,
  type MemberIndex,
  type Round,
  type SignedStatus,
  type UnixMs,
} from '@watchfire/attestation'

/** What was heard of one member, lately and through whom. For surfaces and hints, never for agreement. */
export interface MemberRecord {
  readonly lastHeardMs: UnixMs | undefined
  readonly lastAttestationRound: Round | undefined
  readonly status: SignedStatus | undefined
  /** Its clock less ours when its last status came. */
  readonly clockOffsetMs: number | undefined
  /** Peer that brought its newest message. */
  readonly peer: string | undefined
}

interface Entry {
  lastHeardMs: UnixMs | undefined
  /** On the clock that never jumps: what `heard` is judged by. */
  heardAtMs: number | undefined
  lastAttestationRound: Round | undefined
  status: SignedStatus | undefined
  clockOffsetMs: number | undefined
  peer: string | undefined
}

export interface MemberBook {
  /** Something valid under the member's key was admitted. */
  hear(member: MemberIndex, peer: string, nowMs: UnixMs, round?: Round): void
  /** Its status record was admitted. */
  hearStatus(signed: SignedStatus, peer: string, nowMs: UnixMs): void
  /** A record signed by it, too far from our clock to be admitted, came first. */
  hearFarClock(member: MemberIndex, offsetMs: number): void
  get(member: MemberIndex): MemberRecord
  /** Members heard in the last so many milliseconds, ascending. */
  listHeard(withinMs: number): readonly MemberIndex[]
  /**
   * The round up to which others say they hold certificates: the highest that members of more than
   * `f` of the weight, heard in the last so many milliseconds, have told. Fewer may all be lying.
   */
  getOthersRound(withinMs: number): Round | undefined
  /** Our clock less the middle of the others', once `f + 1` of weight have told theirs. */
  getOwnOffsetMs(): number | undefined
}

/**
 * @param me this node, which is always heard; undefined for an observer
 * @param monotonicMs a clock that never jumps
 */
export function makeMemberBook(
  context: EpochContext,
  me: MemberIndex | undefined,
  monotonicMs: () => number,
): MemberBook {
  const entries = context.committee.members.map(
    (): Entry => ({
      lastHeardMs: undefined,
      heardAtMs: undefined,
      lastAttestationRound: undefined,
      status: undefined,
      clockOffsetMs: undefined,
      peer: undefined,
    }),
  )
  function getEntry(member: MemberIndex): Entry {
    const entry = entries[member]
    if (entry === undefined) throw new RangeError(`no member has index ${member}`)
    return entry
  }
  const getMemberWeight = (index: number): number => context.committee.members[index]?.weight ?? 0
  function hear(member: MemberIndex, peer: string, nowMs: UnixMs, round?: Round): void {
    const entry = getEntry(member)
    entry.lastHeardMs = nowMs
    entry.heardAtMs = monotonicMs()
    entry.peer = peer
    if (round !== undefined && round > (entry.lastAttestationRound ?? -1))
      entry.lastAttestationRound = round
  }
  return {
    hear,
    hearStatus(signed, peer, nowMs) {
      const { message } = signed
      hear(message.member, peer, nowMs)
      const entry = getEntry(message.member)
      entry.status = signed
      entry.clockOffsetMs = message.timeMs - nowMs
    },
    hearFarClock(member, offsetMs) {
      // An old record may be replayed: it says nothing once the member was heard itself.
      const entry = getEntry(member)
      if (entry.status === undefined) entry.clockOffsetMs = offsetMs
    },
    get: getEntry,
    listHeard(withinMs) {
      const since = monotonicMs() - withinMs
      return entries.flatMap((entry, index) =>
        index === me || (entry.heardAtMs !== undefined && entry.heardAtMs >= since)
          ? [index as MemberIndex]
          : [],
      )
    },
    getOthersRound(withinMs) {
      const since = monotonicMs() - withinMs
      const told = entries.flatMap(({ status, heardAtMs }, index) =>
        status === undefined || index === me || (heardAtMs ?? 0) < since
          ? []
          : [{ round: status.message.round, weight: getMemberWeight(index) }],
      )
      let weight = 0
      for (const each of told.toSorted((a, b) => b.round - a.round)) {
        weight += each.weight
        if (weight > context.faulty) return each.round
      }
      return undefined
    },
    getOwnOffsetMs() {
      const told = entries.flatMap(({ clockOffsetMs }, index) =>
        clockOffsetMs === undefined || index === me
          ? []
          : [{ offsetMs: clockOffsetMs, weight: getMemberWeight(index) }],
      )
      const weight = told.reduce((sum, each) => sum + each.weight, 0)
      // Fewer may all be lying.
      if (weight <= context.faulty || weight === 0) return undefined
      let below = 0
      for (const each of told.toSorted((a, b) => a.offsetMs - b.offsetMs)) {
        below += each.weight
        if (2 * below >= weight) return -each.offsetMs
      }
      throw new Error('the weighted median lies within')
    },
  }
}
