import {
  limits,
  type MemberIndex,
  type Observation,
  observationStatuses,
  toSigned,
} from '@watchfire/attestation'
import type { GroupPlan, HeadPlan } from './plan.ts'
import { isMoreThanTwice } from './verdict.ts'
import { getCorroborated, sumWeights, type Weighed } from './weighed.ts'

/** One member's observation of one target. */
export interface Seen {
  readonly member: MemberIndex
  readonly weight: number
  readonly observation: Observation
}

/** A head that is agreed on in a block. */
export interface AgreedHead {
  readonly plan: HeadPlan
  readonly weight: number
  /** As a signed number. */
  readonly value: bigint
}

/**
 * SPEC 7.6: heads by name, ascending; at most as many as a group's state holds.
 *
 * @param isAstray whether a target is on another chain than most: its heads are not its group's
 */
export function getGroupHeads(
  group: GroupPlan,
  seenByTarget: readonly (readonly Seen[])[],
  faultyLive: number,
  isAstray: (target: number) => boolean,
): readonly AgreedHead[] {
  return group.heads.slice(0, limits.signalsMax).flatMap((plan) => {
    const onChain = plan.sources.filter(({ target }) => !isAstray(target))
    const sources = onChain.length === 0 ? plan.sources : onChain
    const values = [...getHighest(sources, seenByTarget).values()]
    const weight = sumWeights(values)
    if (!isMoreThanTwice(weight, faultyLive)) return []
    const value = getCorroborated(values, faultyLive)
    return value === undefined ? [] : [{ plan, weight, value: toSigned(value) }]
  })
}

/** The highest value of each member over the targets that it reached. */
function getHighest(
  sources: HeadPlan['sources'],
  seenByTarget: readonly (readonly Seen[])[],
): ReadonlyMap<MemberIndex, Weighed<bigint>> {
  const highest = new Map<MemberIndex, Weighed<bigint>>()
  for (const { target, signal } of sources) {
    for (const { member, weight, observation } of seenByTarget[target] ?? []) {
      if (observation.status !== observationStatuses.reached) continue
      const value = observation.signals.find(({ index }) => index === signal)?.value
      if (value === undefined) continue
      const before = highest.get(member)
      if (before === undefined || toSigned(value) > toSigned(before.value)) {
        highest.set(member, { value, weight })
      }
    }
  }
  return highest
}
