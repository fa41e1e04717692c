import type { Hex, TargetId } from './brands.ts'
import { toHex, toText } from './bytes.ts'
import type { EpochContext } from './epoch-context.ts'
import type { GroupFork, State } from './state-schema.ts'

// Who stands where at a fork that a state tells of (SPEC 7.6).

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
  /** Those at this height that are on another chain than most, or on nobody knows which. */
  readonly astray: readonly TargetId[]
}

/**
 * @param members indexes of the group's targets
 * @param fork one of the group in `state`
 */
export function readFork(
  context: EpochContext,
  state: State,
  members: readonly number[],
  fork: GroupFork,
): Fork {
  const identity = toText(fork.identity)
  const [found] = fork.majority
  const majority = found === undefined ? undefined : toHex(found)
  const byValue = new Map<Hex, TargetId[]>()
  const astray: TargetId[] = []
  for (const index of members) {
    const [target, id] = [context.parameters.targets[index], context.targetIds[index]]
    const place = target?.identities.findIndex(({ name }) => toText(name) === identity)
    const agreed = state.targets[index]
    const block = agreed?.blocks.find(({ height }) => height === fork.height)
    const known = block?.identities.find((each) => each.index === place)
    if (id === undefined || known === undefined) continue
    const value = toHex(known.value)
    byValue.set(value, [...(byValue.get(value) ?? []), id])
    if (agreed?.astray === 1 && value !== majority) astray.push(id)
  }
  const branches = [...byValue]
    .map(([value, targets]): Branch => ({ value, targets }))
    .toSorted((a, b) => b.targets.length - a.targets.length || (a.value < b.value ? -1 : 1))
  return { identity, height: fork.height, branches, majority, astray }
}
