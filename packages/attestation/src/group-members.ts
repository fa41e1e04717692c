import { toText } from './bytes.ts'
import type { EpochContext } from './epoch-context.ts'

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
