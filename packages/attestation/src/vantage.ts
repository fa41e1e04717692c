import type { MonitorId, TargetIndex } from './brands.ts'
import { toText } from './bytes.ts'
import {
  abstentions,
  getCodeName,
  type ObservationStatusName,
  observationStatuses,
  outcomes,
  type VerdictName,
} from './codes.ts'
import type { EpochContext } from './epoch-context.ts'
import type { Attestation, Policy } from './schema.ts'
import type { State, TargetState } from './state-schema.ts'

// SPEC 12.2: who sees what of a target.

/** What the observers of one place make of a target, by the shares of its policy. */
export type Sight = Extract<VerdictName, 'up' | 'down' | 'disputed' | 'unknown'>

/** What those of one place see; the weights are the observers'. */
export interface PlaceView {
  /** A region or network; empty for members that name none. */
  readonly place: string
  readonly sees: Sight
  readonly reached: number
  readonly failed: number
  readonly abstained: number
}

/** What one member attested of a target in the round of a state. */
export interface MonitorView {
  readonly monitor: MonitorId
  readonly weight: number
  readonly region: string
  readonly network: string
  readonly operator: string
  readonly status: ObservationStatusName | 'absent'
  /** The outcome, or why it abstained; undefined where it reached the target or said nothing. */
  readonly code: string | undefined
}

/** The members' own words, and whether they are what the state rests on. */
export interface MonitorViews {
  /** In the committee's order; those excluded are `absent`, as in the state. */
  readonly monitors: readonly MonitorView[]
  /**
   * Whether their weights are those that the state certifies. An attestation that came late, or did
   * not reach who gave them, makes it false.
   */
  readonly isWhole: boolean
}

/** What each region sees, as certified; ascending by region (SPEC 7.3). */
export function viewRegions(policy: Policy, state: TargetState): readonly PlaceView[] {
  return state.vantages.map(({ region, reached, failed, abstained }) => {
    const sees = getSight(policy, reached, failed)
    return { place: toText(region), sees, reached, failed, abstained }
  })
}

/**
 * What each network sees, from the members' attestations; ascending by network. The state has
 * regions only.
 */
export function viewNetworks(
  policy: Policy,
  monitors: readonly MonitorView[],
): readonly PlaceView[] {
  const places = new Map<string, Record<MonitorView['status'], number>>()
  for (const { network, status, weight } of monitors) {
    const weights = places.get(network) ?? { reached: 0, failed: 0, abstained: 0, absent: 0 }
    weights[status] += weight
    places.set(network, weights)
  }
  return [...places]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, { reached, failed, abstained }]) => {
      return { place, sees: getSight(policy, reached, failed), reached, failed, abstained }
    })
}

/**
 * What each member attested of a target.
 *
 * @param state a certified state of the context's epoch
 * @param attestations of any round and shard, their signatures valid; those of the state's round and
 *   the target's shard count, the first of each member
 */
export function viewMonitors(
  context: EpochContext,
  state: State,
  target: TargetIndex,
  attestations: readonly Attestation[],
): MonitorViews {
  const shard = context.parameters.targets[target]?.shard
  const excluded = new Set(state.meta.excluded.map(({ member }) => member))
  const monitors = context.committee.members.map((member, index): MonitorView => {
    const attested = attestations.find(
      (each) =>
        each.member === index &&
        each.epoch === context.epoch &&
        each.round === state.meta.round &&
        each.shard === shard &&
        !excluded.has(each.member),
    )
    const observation = attested?.observations.find((each) => each.target === target)
    const monitor = context.memberIds[index]
    if (monitor === undefined) throw new RangeError(`no member has index ${index}`)
    return {
      monitor,
      weight: member.weight,
      region: toText(member.region),
      network: toText(member.network),
      operator: toText(member.operator),
      ...readStatus(observation),
    }
  })
  return { monitors, isWhole: isSame(state.targets[target], monitors) }
}

function readStatus(
  observation: { readonly status: number; readonly code: number } | undefined,
): Pick<MonitorView, 'status' | 'code'> {
  switch (observation?.status) {
    case observationStatuses.reached:
      return { status: 'reached', code: undefined }
    case observationStatuses.failed:
      return { status: 'failed', code: getCodeName(outcomes, observation.code) }
    case observationStatuses.abstained:
      return { status: 'abstained', code: getCodeName(abstentions, observation.code) }
    default:
      return { status: 'absent', code: undefined }
  }
}

function isSame(state: TargetState | undefined, monitors: readonly MonitorView[]): boolean {
  const sum = (status: MonitorView['status']) =>
    monitors.reduce((total, each) => total + (each.status === status ? each.weight : 0), 0)
  return (
    state !== undefined &&
    sum('reached') === state.reached &&
    sum('failed') === state.failed &&
    sum('abstained') === state.abstained
  )
}

/** The shares of SPEC 7.7, of one place's weights alone: nothing there is agreed but the weights. */
function getSight({ failedMin, reachedMin }: Policy, reached: number, failed: number): Sight {
  const observing = BigInt(reached + failed)
  if (observing === 0n) return 'unknown'
  if (BigInt(failed) * 1000n >= observing * BigInt(failedMin)) return 'down'
  return BigInt(reached) * 1000n < observing * BigInt(reachedMin) ? 'disputed' : 'up'
}
