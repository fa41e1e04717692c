import type { MonitorId, Round } from './brands.ts'
import type { EpochContext } from './epoch-context.ts'
import type { State } from './state-schema.ts'

/** A member against which evidence is in the chain of this epoch (SPEC 7.2). */
export interface ExcludedMember {
  readonly monitor: MonitorId
  /** Round since which nothing it observes counts; its weight stays in the quorum's arithmetic. */
  readonly since: Round
}

/** Who is excluded in a state, ascending by member. */
export function listExcluded(context: EpochContext, state: State): readonly ExcludedMember[] {
  return state.meta.excluded.map(({ member, round }) => {
    const monitor = context.memberIds[member]
    if (monitor === undefined) throw new RangeError(`no member has index ${member}`)
    return { monitor, since: round }
  })
}
