import {
  areEqual,
  type GroupFork,
  type KnownBlock,
  limits,
  referenceKinds,
  type TargetState,
} from '@watchfire/attestation'
import type { GroupPlan, IdentityPlan } from './plan.ts'

// Whether the targets of a group are on one chain (SPEC 7.6). Nothing here is a float, a clock or a
// member's word: it reads what was agreed of each target, two heights back.

/** What of a target's agreed state tells the chain it is on. */
export type AgreedBlock = Pick<TargetState, 'referenceKind' | 'reference' | 'identities'>

/**
 * The heights kept of a target, the last agreed first.
 *
 * @param before those in the parent's state; none after a gap
 * @param chainIdentities indexes of the target's chain identities
 */
export function recordBlock(
  before: readonly KnownBlock[],
  agreed: AgreedBlock,
  chainIdentities: readonly number[],
): KnownBlock[] {
  const identities = agreed.identities
    .filter(({ index }) => chainIdentities.includes(index))
    .map(({ index, value }) => ({ index, value }))
  if (agreed.referenceKind !== referenceKinds.height || identities.length === 0) return [...before]
  // Of two values at one height the last counts: a node may have gone over to another block there.
  const others = before.filter(({ height }) => height !== agreed.reference)
  return [{ height: agreed.reference, identities }, ...others].slice(0, limits.knownBlocksMax)
}

/** What comparing the targets of a group with each other gives. */
export interface Comparison {
  /** Targets that could be compared with another by some identity. */
  readonly compared: ReadonlySet<number>
  /** Those of them that are found to be on another chain than most. */
  readonly off: ReadonlySet<number>
  readonly forks: GroupFork[]
}

/**
 * @param blocks those of each target, by target index
 */
export function compareGroup(
  { identities }: GroupPlan,
  blocks: readonly (readonly KnownBlock[])[],
): Comparison {
  const compared = new Set<number>()
  const off = new Set<number>()
  const forks = identities.flatMap((identity) => {
    const heights = collectValues(identity, blocks)
    const newest = getNewest(heights)
    for (const target of newest.keys()) compared.add(target)
    let fork: GroupFork | undefined
    for (const height of new Set([...newest.values()].toSorted((a, b) => a - b))) {
      const values = heights.get(height) ?? new Map<number, Uint8Array>()
      const majority = getMostOf([...values.values()])
      const isFork = [...values].filter(
        ([target, value]) =>
          newest.get(target) === height && (majority === undefined || !areEqual(value, majority)),
      )
      for (const [target] of isFork) off.add(target)
      if (isFork.length > 0)
        fork = {
          identity: identity.name,
          height,
          majority: majority === undefined ? [] : [majority],
        }
    }
    return fork === undefined ? [] : [fork]
  })
  return { compared, off, forks }
}

/** By height, the value of each target that has one there. */
function collectValues(
  { places }: IdentityPlan,
  blocks: readonly (readonly KnownBlock[])[],
): ReadonlyMap<number, ReadonlyMap<number, Uint8Array>> {
  const heights = new Map<number, Map<number, Uint8Array>>()
  for (const { target, identity } of places) {
    for (const { height, identities } of blocks[target] ?? []) {
      const found = identities.find(({ index }) => index === identity)
      if (found === undefined) continue
      const values = heights.get(height) ?? new Map<number, Uint8Array>()
      heights.set(height, values.set(target, found.value))
    }
  }
  return heights
}

/** The greatest height at which each target is compared with another. */
function getNewest(
  heights: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>,
): ReadonlyMap<number, number> {
  const newest = new Map<number, number>()
  for (const [height, values] of heights) {
    if (values.size < 2) continue
    for (const target of values.keys())
      newest.set(target, Math.max(height, newest.get(target) ?? 0))
  }
  return newest
}

/** The value of more than half, if there is one. */
function getMostOf(values: readonly Uint8Array[]): Uint8Array | undefined {
  return values.find(
    (value) => 2 * values.filter((other) => areEqual(other, value)).length > values.length,
  )
}
