import type { Round, TargetId } from './brands.ts'
import { toSigned, toText } from './bytes.ts'
import { aggregates, getCodeName, type StandingName, standings } from './codes.ts'
import type { EpochContext } from './epoch-context.ts'
import { type Fork, readFork } from './forks.ts'
import { getGroupMembers } from './group-members.ts'
import { formatQuantity } from './quantity.ts'
import type { GroupHead, GroupSignal, GroupState, State } from './state-schema.ts'

// How a chain is, in the words of its manifest: what one certified state says of a group (SPEC 7.11).

/** A corroborated head of a group, and how it moves. */
export interface HeadHealth {
  readonly name: string
  readonly unit: string
  readonly scale: number
  readonly value: bigint
  readonly weight: number
  /** Mean time for 1 of `unit`, such as the block interval; undefined until it rose twice. */
  readonly intervalUs: number | undefined
  /**
   * How long ago the head in front, of the same unit, was where this one is: the finality time of a
   * head that tells what is final. Undefined while the pace of that is unknown.
   */
  readonly behindMs: number | undefined
  /** Round in which it came to the highest value that it had. */
  readonly risenAt: Round | undefined
}

/** A signal of a group's targets in one number: the lower median of what was agreed of each. */
export interface SignalHealth {
  readonly name: string
  readonly unit: string
  readonly scale: number
  readonly value: bigint
  /** Targets that it is the median of. */
  readonly targets: number
}

/** A target of a group. */
export interface MemberHealth {
  readonly id: TargetId
  readonly verdict: number
  /** Whether it is on another chain than most of the group, or on nobody knows which. */
  readonly astray: boolean
}

/** How a chain is. */
export interface GroupHealth {
  readonly id: string
  readonly standing: StandingName
  /** Round since which it stands so. */
  readonly since: Round
  /** Ascending by name. */
  readonly heads: readonly HeadHealth[]
  readonly forks: readonly Fork[]
  /** Ascending by name, unit and scale. */
  readonly signals: readonly SignalHealth[]
  /** In the order of the parameters. */
  readonly targets: readonly MemberHealth[]
}

/**
 * How each chain is (SPEC 7.11).
 *
 * @param state a certified state of the context's epoch
 * @returns ascending by id
 */
export function viewGroups(context: EpochContext, state: State): readonly GroupHealth[] {
  const members = getGroupMembers(context)
  return state.groups.map((group) => {
    const own = members.get(toText(group.id)) ?? []
    return {
      id: toText(group.id),
      // 0 is genesis, of which there is no certificate.
      standing: getCodeName(standings, group.standing || standings.unknown) as StandingName,
      since: group.since,
      heads: group.heads.map((head) => viewHead(context, own, group, head)),
      forks: group.forks.map((fork) => readFork(context, state, own, fork)),
      signals: group.signals.flatMap((signal) => viewSignal(context, signal)),
      targets: own.flatMap((index) => viewMember(context, state, index)),
    }
  })
}

function viewHead(
  context: EpochContext,
  members: readonly number[],
  group: GroupState,
  head: GroupHead,
): HeadHealth {
  const name = toText(head.name)
  const { unit, scale } = getHeadUnit(context, members, name)
  const getPace = (of: string) => group.paces.find((pace) => toText(pace.name) === of)
  const value = toSigned(head.value)
  const pace = getPace(name)
  const front = group.heads
    .filter((each) => {
      const other = getHeadUnit(context, members, toText(each.name))
      return other.unit === unit && other.scale === scale
    })
    .reduce((a, b) => (toSigned(b.value) > toSigned(a.value) ? b : a))
  const isPaced = (getPace(toText(front.name))?.intervalUs ?? 0) > 0
  return {
    name,
    unit,
    scale,
    value,
    weight: head.weight,
    intervalUs: pace === undefined || pace.intervalUs === 0 ? undefined : pace.intervalUs,
    behindMs: isPaced ? head.behindMs : undefined,
    risenAt: pace?.last.round,
  }
}

/** Unit and scale of a head, as the first target of the group that is asked for it defines them. */
function getHeadUnit(
  context: EpochContext,
  members: readonly number[],
  name: string,
): { readonly unit: string; readonly scale: number } {
  for (const index of members) {
    const signal = context.parameters.targets[index]?.signals.find(
      (each) => each.aggregate === aggregates.corroborated && toText(each.name) === name,
    )
    if (signal !== undefined) return { unit: toText(signal.unit), scale: signal.scale }
  }
  return { unit: '', scale: 0 }
}

function viewSignal({ parameters }: EpochContext, signal: GroupSignal): SignalHealth[] {
  const defined = parameters.targets[signal.target]?.signals[signal.signal]
  if (defined === undefined) return []
  const { name, unit, scale } = defined
  const value = toSigned(signal.value)
  return [{ name: toText(name), unit: toText(unit), scale, value, targets: signal.targets }]
}

function viewMember(context: EpochContext, state: State, index: number): MemberHealth[] {
  const [id, agreed] = [context.targetIds[index], state.targets[index]]
  if (id === undefined || agreed === undefined) return []
  return [{ id, verdict: agreed.verdict, astray: agreed.astray === 1 }]
}

/** How a chain is, in one line for people. */
export function describeStanding({ standing, forks, heads, targets }: GroupHealth): string {
  switch (standing) {
    case 'forked': {
      const astray = targets.filter((target) => target.astray).map(({ id }) => id)
      const isSplit = forks.some((fork) => fork.majority === undefined && fork.astray.length > 0)
      const who = astray.join(', ')
      return isSplit
        ? `its targets are split over what chain is right: ${who}`
        : `${astray.length} of ${targets.length} targets on another chain than most: ${who}`
    }
    case 'advancing': {
      // A chain has heads that follow others, such as the finalized one: the first to move tells most.
      const [fastest] = heads
        .flatMap(({ name, intervalUs }) => (intervalUs === undefined ? [] : [{ name, intervalUs }]))
        .toSorted((a, b) => a.intervalUs - b.intervalUs)
      return fastest === undefined
        ? 'advancing'
        : `${fastest.name} rises by one in ${formatQuantity(BigInt(fastest.intervalUs), 0, 'us')}`
    }
    case 'still':
      return 'no head rose for longer than it takes it to'
    default:
      return 'no head can be followed yet'
  }
}
