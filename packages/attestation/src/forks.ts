import type { Hex, TargetId } from './brands.ts'
import { toHex, toText } from './bytes.ts'
import { referenceKinds } from './codes.ts'
import type { EpochContext } from './epoch-context.ts'
import { getGroupMembers } from './group-members.ts'
import type { State } from './schema.ts'

// SPEC 12.1: what readers make of the agreed identities of one chain's nodes.

/** Targets of a group that agree on a chain identity at a height. */
export interface Branch {
  readonly value: Hex
  /** In the order of the parameters. */
  readonly targets: readonly TargetId[]
}

/** Targets of a group whose agreed identities at one height differ. */
export interface Fork {
  readonly identity: string
  readonly height: number
  /** That of most targets first; at least two. */
  readonly branches: readonly Branch[]
  /** The value of more than half of the targets compared; undefined where no value has that many. */
  readonly majority: Hex | undefined
  /**
   * Those that were compared at no later height and are on no branch of a majority: on the wrong
   * chain, or on nobody knows which. In the order of the parameters.
   */
  readonly astray: readonly TargetId[]
}

/** Identities that name the chain a node is on, by the names that kinds give them. */
const chainIdentities: ReadonlySet<string> = new Set(['block-hash', 'finalized-root'])

/** By height, the agreed value of each target that has one there. */
type Seen = Map<number, Map<TargetId, Hex>>

/**
 * Forks among the targets of a group: at the newest height at which a target can be compared with
 * another, their agreed chain identities differ (SPEC 12.1).
 *
 * @param states certified states of the context's epoch, ascending; more of them compare more heights
 * @param group the group's id
 * @returns by identity and height, ascending; at most as many as the group has targets, twice
 */
export function findForks(
  context: EpochContext,
  states: readonly State[],
  group: string,
): readonly Fork[] {
  const members = getGroupMembers(context).get(group) ?? []
  return [...chainIdentities].toSorted().flatMap((identity) => {
    const seen = collect(context, states, members, identity)
    return [...getNewestHeights(seen)]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([height, targets]) => {
        const fork = makeFork(identity, height, seen.get(height) ?? new Map(), targets)
        return fork === undefined ? [] : [fork]
      })
  })
}

function collect(
  context: EpochContext,
  states: readonly State[],
  members: readonly number[],
  identity: string,
): Seen {
  const seen: Seen = new Map()
  for (const index of members) {
    const target = context.parameters.targets[index]
    const id = context.targetIds[index]
    const place = target?.identities.findIndex(({ name }) => toText(name) === identity) ?? -1
    if (id === undefined || place < 0) continue
    for (const state of states) {
      const agreed = state.targets[index]
      if (agreed?.referenceKind !== referenceKinds.height) continue
      const found = agreed.identities.find((each) => each.index === place)
      if (found === undefined) continue
      const values = seen.get(agreed.reference) ?? new Map<TargetId, Hex>()
      // A later state has the last word on a height.
      seen.set(agreed.reference, values.set(id, toHex(found.value)))
    }
  }
  return seen
}

/** Heights at which two targets or more are compared, with those that are compared at none above. */
function getNewestHeights(seen: Seen): Map<number, Set<TargetId>> {
  const newest = new Map<TargetId, number>()
  for (const [height, values] of seen) {
    if (values.size < 2) continue
    for (const id of values.keys()) newest.set(id, Math.max(height, newest.get(id) ?? 0))
  }
  const heights = new Map<number, Set<TargetId>>()
  for (const [id, height] of newest)
    heights.set(height, (heights.get(height) ?? new Set<TargetId>()).add(id))
  return heights
}

function makeFork(
  identity: string,
  height: number,
  values: ReadonlyMap<TargetId, Hex>,
  newestHere: ReadonlySet<TargetId>,
): Fork | undefined {
  const byValue = new Map<Hex, TargetId[]>()
  for (const [id, value] of values) byValue.set(value, [...(byValue.get(value) ?? []), id])
  if (byValue.size < 2) return undefined
  const branches = [...byValue]
    .map(([value, targets]): Branch => ({ value, targets }))
    .toSorted((a, b) => b.targets.length - a.targets.length || (a.value < b.value ? -1 : 1))
  const [first] = branches
  const isMajority = first !== undefined && 2 * first.targets.length > values.size
  const majority = isMajority ? first.value : undefined
  const astray = [...values.keys()].filter(
    (id) => newestHere.has(id) && (majority === undefined || values.get(id) !== majority),
  )
  return { identity, height, branches, majority, astray }
}
