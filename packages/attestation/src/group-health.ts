import type { Round, TargetId } from './brands.ts'
import { toSigned, toText } from './bytes.ts'
import { aggregates, verdicts } from './codes.ts'
import type { EpochContext } from './epoch-context.ts'
import { findForks, type Fork } from './forks.ts'
import { getGroupMembers } from './group-members.ts'
import { formatQuantity } from './quantity.ts'
import type { GroupHead, State } from './schema.ts'

// SPEC 12.1: how a chain is, from certified states alone. Whoever holds the same certificates and
// the manifest computes the same.

/** Certified states that groups are looked at over, as far as they are held. */
export const groupStatesMax = 32

/** A corroborated head of a group, and how it moved over the states looked at. */
export interface HeadHealth {
  readonly name: string
  readonly unit: string
  readonly scale: number
  readonly value: bigint
  readonly weight: number
  /** What it rose by from the first state that has it to the last; undefined with one state alone. */
  readonly advance: bigint | undefined
  /** From the start of the first of those states' rounds to that of the last. */
  readonly overMs: number | undefined
  /** Mean time for 1 of `unit`, such as the block interval; undefined unless it rose. */
  readonly intervalMs: bigint | undefined
  /** Round of the newest state in which it is higher than in the one before; undefined: in none. */
  readonly advancedAt: Round | undefined
}

/** A signal of a group's targets in one number: the lower median of what was agreed of each. */
export interface GroupSignal {
  readonly name: string
  readonly unit: string
  readonly scale: number
  readonly value: bigint
  /** Targets that it is the median of. */
  readonly targets: number
}

/**
 * `forked`: some of its targets disagree on the chain. `still`: no head rose over the states looked
 * at. `unknown`: no head is agreed on, or a single state was looked at.
 */
export type GroupStanding = 'forked' | 'advancing' | 'still' | 'unknown'

/** How a chain is. */
export interface GroupHealth {
  readonly id: string
  readonly standing: GroupStanding
  /** Ascending by name. */
  readonly heads: readonly HeadHealth[]
  readonly forks: readonly Fork[]
  /** Ascending by name, unit and scale. */
  readonly signals: readonly GroupSignal[]
  /** In the order of the parameters. */
  readonly targets: readonly { readonly id: TargetId; readonly verdict: number }[]
}

/**
 * How each chain is (SPEC 12.1).
 *
 * @param states certified states, ascending by height, the newest last; the last
 *   {@link groupStatesMax} are looked at, those of another epoch than the context's left out
 * @returns ascending by id; nothing without a state
 */
export function viewGroups(
  context: EpochContext,
  states: readonly State[],
): readonly GroupHealth[] {
  const window = states.slice(-groupStatesMax).filter(({ meta }) => meta.epoch === context.epoch)
  const newest = window.at(-1)
  if (newest === undefined) return []
  return newest.groups.map((group, index) => {
    const id = toText(group.id)
    const forks = findForks(context, window, id)
    const heads = group.heads.map((head) => viewHead(context, window, index, id, head))
    const targets = listMembers(context, id).flatMap(({ at, target }) =>
      target === undefined ? [] : [{ id: target, verdict: newest.targets[at]?.verdict ?? 0 }],
    )
    const standing = getStanding(heads, forks)
    const signals = viewSignals(context, newest, id, forks)
    return { id, standing, heads, forks, signals, targets }
  })
}

/** Index and id of each target of a group. */
function listMembers(context: EpochContext, group: string) {
  const members = getGroupMembers(context).get(group) ?? []
  return members.map((at) => ({ at, target: context.targetIds[at] }))
}

function getStanding(heads: readonly HeadHealth[], forks: readonly Fork[]): GroupStanding {
  if (forks.some(({ astray }) => astray.length > 0)) return 'forked'
  if (heads.every(({ advance }) => advance === undefined)) return 'unknown'
  return heads.some(({ advance }) => advance !== undefined && advance > 0n) ? 'advancing' : 'still'
}

function viewHead(
  context: EpochContext,
  states: readonly State[],
  group: number,
  groupId: string,
  head: GroupHead,
): HeadHealth {
  const name = toText(head.name)
  const seen = states.flatMap(({ meta, groups }) => {
    const found = groups[group]?.heads.find((each) => toText(each.name) === name)
    return found === undefined ? [] : [{ round: meta.round, value: toSigned(found.value) }]
  })
  const [first, last] = [seen[0], seen.at(-1)]
  const isMoved = first !== undefined && last !== undefined && seen.length > 1
  const advance = isMoved ? last.value - first.value : undefined
  const overMs = isMoved ? (last.round - first.round) * context.parameters.roundMs : undefined
  const { unit, scale } = getHeadUnit(context, groupId, name)
  const rises = seen.filter(({ value }, at) => value > (seen[at - 1]?.value ?? value))
  return {
    name,
    unit,
    scale,
    value: toSigned(head.value),
    weight: head.weight,
    advance,
    overMs,
    intervalMs:
      advance === undefined || overMs === undefined || advance <= 0n
        ? undefined
        : (BigInt(overMs) * 10n ** BigInt(scale)) / advance,
    advancedAt: rises.at(-1)?.round,
  }
}

/** Unit and scale of a head, as the first target of the group that is asked for it defines them. */
function getHeadUnit(
  context: EpochContext,
  group: string,
  name: string,
): { readonly unit: string; readonly scale: number } {
  for (const { at } of listMembers(context, group)) {
    const signal = context.parameters.targets[at]?.signals.find(
      (each) => each.aggregate === aggregates.corroborated && toText(each.name) === name,
    )
    if (signal !== undefined) return { unit: toText(signal.unit), scale: signal.scale }
  }
  return { unit: '', scale: 0 }
}

/** Verdicts of targets that tell nothing of the chain. */
const silentVerdicts: ReadonlySet<number> = new Set([0, verdicts.down, verdicts.unknown])

function viewSignals(
  context: EpochContext,
  state: State,
  group: string,
  forks: readonly Fork[],
): readonly GroupSignal[] {
  const astray = new Set(forks.flatMap((fork) => fork.astray))
  const found = new Map<string, Omit<GroupSignal, 'value' | 'targets'> & { values: bigint[] }>()
  for (const { at: index, target: id } of listMembers(context, group)) {
    const target = context.parameters.targets[index]
    const agreed = state.targets[index]
    if (target === undefined || agreed === undefined || id === undefined) continue
    if (silentVerdicts.has(agreed.verdict) || astray.has(id)) continue
    for (const { index: at, value } of agreed.signals) {
      const signal = target.signals[at]
      if (signal === undefined) continue
      const [name, unit] = [toText(signal.name), toText(signal.unit)]
      const key = `${name} ${unit} ${signal.scale}`
      const entry = found.get(key) ?? { name, unit, scale: signal.scale, values: [] }
      entry.values.push(toSigned(value))
      found.set(key, entry)
    }
  }
  return [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { values, ...signal }]) => ({
      ...signal,
      value: getLowerMedian(values),
      targets: values.length,
    }))
}

/** The value in the middle, the lower of two. */
function getLowerMedian(values: readonly bigint[]): bigint {
  const ascending = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const value = ascending[Math.floor((ascending.length - 1) / 2)]
  if (value === undefined) throw new RangeError('a median of nothing')
  return value
}

/** How a chain is, in one line for people. */
export function describeStanding({ standing, forks, heads, targets }: GroupHealth): string {
  switch (standing) {
    case 'forked': {
      const astray = new Set(forks.flatMap((fork) => fork.astray))
      const isSplit = forks.some((fork) => fork.majority === undefined && fork.astray.length > 0)
      const who = [...astray].join(', ')
      return isSplit
        ? `its targets are split over what chain is right: ${who}`
        : `${astray.size} of ${targets.length} targets on another chain than most: ${who}`
    }
    case 'advancing': {
      // A chain has heads that follow others, such as the finalized one: the first to move tells most.
      const [fastest] = heads
        .flatMap(({ name, intervalMs }) => (intervalMs === undefined ? [] : [{ name, intervalMs }]))
        .toSorted((a, b) => (a.intervalMs < b.intervalMs ? -1 : 1))
      return fastest === undefined
        ? 'advancing'
        : `${fastest.name} rises by one in ${formatQuantity(fastest.intervalMs, 0, 'ms')}`
    }
    case 'still':
      return 'no head rose over the certified states looked at'
    default:
      return 'no head can be followed'
  }
}
