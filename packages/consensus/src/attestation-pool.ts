import {
  areEqual,
  type Digest,
  getRoundAt,
  type MemberIndex,
  type Round,
  type SignedAttestation,
  toHex,
} from '@watchfire/attestation'
import { dropBelow, getAt, setAt } from './int-map.ts'
import type { Core, Draft, Held, ShardPool } from './model.ts'

// Attestations of late rounds: what a leader proposes from, and what names in blocks resolve to.
// Bounded: rounds of the window, shards, members, and at most two versions each.

/** Rounds past the window in which clocks may differ. */
const SLACK_ROUNDS = 2

export function toHeld(message: SignedAttestation, digest: Digest): Held {
  return { message, digest, hex: toHex(digest) }
}

/**
 * Keeps a verified attestation if its round is in the window and its place has room.
 *
 * @returns the version that was there first, where this is another one
 */
export function addToPool(draft: Draft, held: Held): Held | undefined {
  const { round, shard, member } = held.message.message
  const { parameters, committee } = draft.context
  if (shard >= parameters.shards || member >= committee.members.length) return undefined
  const [floor, ceiling] = getPoolWindow(draft)
  if (round < floor || round > ceiling) return undefined
  const shards = getAt(draft.pool, round) ?? makeShards(parameters.shards)
  const place = shards[shard] ?? { first: [], second: [] }
  const first = place.first[member]
  const other = first?.hex === held.hex ? undefined : first
  let changed: ShardPool
  if (first === undefined) changed = { ...place, first: withAt(place.first, member, held) }
  else if (other !== undefined && place.second[member] === undefined) {
    changed = { ...place, second: withAt(place.second, member, held) }
  } else return other
  draft.pool = setAt(
    draft.pool,
    round,
    shards.map((known, index) => (index === shard ? changed : known)),
  )
  return other
}

/** What the pool holds for a reference in a block. */
export function findInPool(
  core: Core,
  round: Round,
  reference: { readonly shard: number; readonly member: MemberIndex; readonly digest: Digest },
): Held | undefined {
  const place = getAt(core.pool, round)?.[reference.shard]
  if (place === undefined) return undefined
  const { member, digest } = reference
  const [first, second] = [place.first[member], place.second[member]]
  if (first !== undefined && areEqual(first.digest, digest)) return first
  return second !== undefined && areEqual(second.digest, digest) ? second : undefined
}

/** Drops rounds that fell out of the window. */
export function prunePool(draft: Draft): void {
  draft.pool = dropBelow(draft.pool, getPoolWindow(draft)[0])
}

function getPoolWindow({ context, nowMs }: Core): readonly [floor: number, ceiling: number] {
  const now = getRoundAt(context.parameters, nowMs) ?? context.parameters.originRound
  const reach = context.parameters.roundsBehindMax + SLACK_ROUNDS
  return [Math.max(0, now - reach), now + reach]
}

function makeShards(count: number): readonly ShardPool[] {
  return Array.from({ length: count }, () => ({ first: [], second: [] }))
}

function withAt<T>(list: readonly (T | undefined)[], index: number, value: T): (T | undefined)[] {
  const copy = [...list]
  while (copy.length < index) copy.push(undefined)
  copy[index] = value
  return copy
}
