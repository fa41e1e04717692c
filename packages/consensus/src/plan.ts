import { aggregates, type EpochContext, toText } from '@watchfire/attestation'
import { getGroupIds } from './state.ts'

/** What aggregation reads of a committee and its parameters, worked out once per epoch. */
export interface Plan {
  readonly labels: Labels
  /** Ascending by id, as the state has them. */
  readonly groups: readonly GroupPlan[]
  /** Position in `groups` by target index; undefined for a target of no group. */
  readonly groupOf: readonly (number | undefined)[]
  /** Names of signals as text, by target and signal index. */
  readonly signalNames: readonly (readonly string[])[]
}

/** Members' labels as text, by member index. */
export interface Labels {
  readonly region: readonly string[]
  readonly network: readonly string[]
  readonly operator: readonly string[]
  /** Distinct regions, ascending; members without one make up the region of no name. */
  readonly regions: readonly Uint8Array[]
  /** Position of a member's region in `regions`. */
  readonly regionOf: readonly number[]
}

export interface GroupPlan {
  readonly id: Uint8Array
  /** Corroborated signals of the group's targets, ascending by name. */
  readonly heads: readonly HeadPlan[]
}

export interface HeadPlan {
  readonly name: Uint8Array
  readonly text: string
  /** Where the signal is observed. */
  readonly sources: readonly { readonly target: number; readonly signal: number }[]
}

const plans = new WeakMap<EpochContext, Plan>()

export function getPlan(context: EpochContext): Plan {
  const known = plans.get(context)
  if (known !== undefined) return known
  const plan = makePlan(context)
  plans.set(context, plan)
  return plan
}

function makePlan(context: EpochContext): Plan {
  const { targets } = context.parameters
  const ids = getGroupIds(context)
  const positions = new Map(ids.map((id, index) => [toText(id), index]))
  const groupOf = targets.map((target) => positions.get(toText(target.group)))
  return {
    labels: makeLabels(context),
    groups: ids.map((id, group) => ({ id, heads: makeHeads(context, groupOf, group) })),
    groupOf,
    signalNames: targets.map((target) => target.signals.map(({ name }) => toText(name))),
  }
}

function makeHeads(
  { parameters }: EpochContext,
  groupOf: readonly (number | undefined)[],
  group: number,
): readonly HeadPlan[] {
  const heads = new Map<string, HeadPlan>()
  for (const [target, { signals }] of parameters.targets.entries()) {
    if (groupOf[target] !== group) continue
    for (const [signal, { name, aggregate }] of signals.entries()) {
      if (aggregate !== aggregates.corroborated) continue
      const text = toText(name)
      const sources = [...(heads.get(text)?.sources ?? []), { target, signal }]
      heads.set(text, { name, text, sources })
    }
  }
  return [...heads.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1))
}

function makeLabels({ committee: { members } }: EpochContext): Labels {
  const region = members.map((member) => toText(member.region))
  const regions = new Map(members.map((member) => [toText(member.region), member.region]))
  const names = [...regions.keys()].toSorted()
  return {
    region,
    network: members.map((member) => toText(member.network)),
    operator: members.map((member) => toText(member.operator)),
    regions: names.map((name) => regions.get(name) ?? new Uint8Array()),
    regionOf: region.map((name) => names.indexOf(name)),
  }
}
