import {
  aggregates,
  chainIdentities,
  compareBytes,
  type EpochContext,
  fromText,
  listGroupIds,
  type SignalDef,
  type Target,
  toText,
} from '@watchfire/attestation'

/** What aggregation reads of a committee and its parameters, worked out once per epoch. */
export interface Plan {
  readonly labels: Labels
  /** Ascending by id, as the state has them. */
  readonly groups: readonly GroupPlan[]
  /** Position in `groups` by target index; undefined for a target of no group. */
  readonly groupOf: readonly (number | undefined)[]
  /** Indexes of each target's chain identities, of those of no group none, by target index. */
  readonly chainIdentities: readonly (readonly number[])[]
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
  /** Indexes of its targets, ascending. */
  readonly targets: readonly number[]
  /** Chain identities that its targets define, ascending by name. */
  readonly identities: readonly IdentityPlan[]
  /** Its targets' signals, ascending by name, unit and scale. */
  readonly signals: readonly SignalPlan[]
}

export interface IdentityPlan {
  readonly name: Uint8Array
  /** Where the identity is observed. */
  readonly places: readonly { readonly target: number; readonly identity: number }[]
}

/** Signals of one name, unit and scale. */
export interface SignalPlan {
  /** The first target that defines it, and its index there. */
  readonly target: number
  readonly signal: number
  readonly sources: readonly { readonly target: number; readonly signal: number }[]
}

export interface HeadPlan {
  readonly name: Uint8Array
  readonly text: string
  /** Unit and scale, as the first target that has it defines them. */
  readonly unit: string
  readonly scale: number
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
  const ids = listGroupIds(context.parameters)
  const positions = new Map(ids.map((id, index) => [id, index]))
  const groupOf = targets.map((target) => positions.get(toText(target.group)))
  return {
    labels: makeLabels(context),
    groups: ids.map((id, group) => ({
      id: fromText(id),
      heads: makeHeads(context, groupOf, group),
      ...planGroup(
        context,
        [...groupOf.keys()].filter((index) => groupOf[index] === group),
      ),
    })),
    groupOf,
    chainIdentities: targets.map(listChainIdentities),
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
    for (const [signal, { name, unit, scale, aggregate }] of signals.entries()) {
      if (aggregate !== aggregates.corroborated) continue
      const text = toText(name)
      const known = heads.get(text) ?? { name, text, unit: toText(unit), scale, sources: [] }
      heads.set(text, { ...known, sources: [...known.sources, { target, signal }] })
    }
  }
  return [...heads.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1))
}

function planGroup(
  { parameters }: EpochContext,
  targets: readonly number[],
): Pick<GroupPlan, 'targets' | 'identities' | 'signals'> {
  const signals = new Map<string, SignalPlan & { readonly order: SignalDef }>()
  for (const target of targets) {
    for (const [signal, order] of (parameters.targets[target]?.signals ?? []).entries()) {
      const key = `${toText(order.name)} ${order.scale} ${toText(order.unit)}`
      const known = signals.get(key) ?? { target, signal, sources: [], order }
      signals.set(key, { ...known, sources: [...known.sources, { target, signal }] })
    }
  }
  return {
    targets,
    identities: chainIdentities.flatMap((name) => {
      const places = targets.flatMap((target) => {
        const identities = parameters.targets[target]?.identities ?? []
        const identity = identities.findIndex((each) => toText(each.name) === name)
        return identity < 0 ? [] : [{ target, identity }]
      })
      return places.length === 0 ? [] : [{ name: fromText(name), places }]
    }),
    signals: [...signals.values()].toSorted(
      ({ order: a }, { order: b }) =>
        compareBytes(a.name, b.name) || compareBytes(a.unit, b.unit) || a.scale - b.scale,
    ),
  }
}

function listChainIdentities({ group, identities }: Target): readonly number[] {
  if (group.length === 0) return []
  return identities.flatMap(({ name }, index) =>
    chainIdentities.some((each) => each === toText(name)) ? [index] : [],
  )
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
