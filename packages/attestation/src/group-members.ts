import { toText } from './bytes.ts'
import type { EpochContext } from './epoch-context.ts'
import type { Parameters } from './schema.ts'

const known = new WeakMap<EpochContext, ReadonlyMap<string, readonly number[]>>()

/** Indexes of the targets of each group, ascending; worked out once for a context. */
export function getGroupMembers(context: EpochContext): ReadonlyMap<string, readonly number[]> {
  const held = known.get(context)
  if (held !== undefined) return held
  const members = new Map<string, number[]>()
  for (const [index, target] of context.parameters.targets.entries()) {
    const group = toText(target.group)
    if (group === '') continue
    const own = members.get(group)
    if (own === undefined) members.set(group, [index])
    else own.push(index)
  }
  known.set(context, members)
  return members
}

/** Ids of the groups of parameters, in the order in which states have them (SPEC 7.1). */
export function listGroupIds({ targets }: Parameters): readonly string[] {
  const ids = new Set(targets.map(({ group }) => toText(group)))
  return [...ids].filter((id) => id !== '').toSorted()
}
