import {
  aggregates,
  areEqual,
  type EpochContext,
  type Evidence,
  type Exclusion,
  type Header,
  type MemberIndex,
  observationStatuses,
  type SignedAttestation,
  type State,
  type Target,
  type TargetState,
  getOffender,
} from '@watchfire/attestation'
import { invariant } from './invariant.ts'
import { getGroupHeads, type Seen } from './group-heads.ts'
import { makeGroupState } from './group-state.ts'
import { compareGroup, recordBlock } from './known-blocks.ts'
import { getPlan, type Labels } from './plan.ts'
import { reuseGroup, reuseTarget } from './reuse.ts'
import { migrateState } from './state.ts'
import { compareThresholds } from './thresholds.ts'
import {
  getRawVerdict,
  isLongGap,
  isMoreThanTwice,
  type Measured,
  type Settled,
  settleVerdict,
} from './verdict.ts'
import { getCorroborated, getMajority, getMedian, sumWeights, type Weighed } from './weighed.ts'

// SPEC chapter 7. Integers only, and nothing depends on the order of attestations.

/** What of a header the state depends on; its digests would make it depend on itself. */
export type BlockPlace = Pick<Header, 'height' | 'round' | 'parentRound'>

/**
 * The state after a block (SPEC 7): a pure function of the parent's state and what the block
 * includes. Targets and groups that did not change are the same objects as in `parent`, which
 * spares their leaves a new hash.
 *
 * @param parent the state after the parent block, of this epoch or the one before
 * @param context that of the block's epoch
 * @param place the block's height and rounds
 * @param evidence the block's evidence, valid; its offenders are excluded before aggregation
 * @param attestations what the block names, in any order, at most one per member and shard; those
 *   of excluded members do not count
 */
export function computeState(
  parent: State,
  context: EpochContext,
  place: BlockPlace,
  evidence: readonly Evidence[],
  attestations: readonly SignedAttestation[],
): State {
  const prior = migrateState(parent, context)
  const excluded = getExcluded(prior, place, evidence)
  const out = new Set(excluded.map(({ member }) => member))
  const faultyLive = getFaultyLive(context, out)
  const seenByTarget = collect(context, out, attestations)
  const plan = getPlan(context)

  const { round, parentRound } = place
  const { gapMax, roundMs } = context.parameters
  const rounds = { round, parentRound, gapMax }
  const isGap = isLongGap(rounds)

  const agreed = context.parameters.targets.map((target, index) =>
    aggregateTarget(context, target, seenByTarget[index] ?? [], faultyLive, plan.labels),
  )
  const blocks = agreed.map((each, index) =>
    recordBlock(
      isGap ? [] : (prior.targets[index]?.blocks ?? []),
      each,
      plan.chainIdentities[index] ?? [],
    ),
  )
  const compared = plan.groups.map((group) => compareGroup(group, blocks))
  const isAstray = context.parameters.targets.map((_, index) => {
    const comparison = compared[plan.groupOf[index] ?? -1]
    // Who can be compared with nobody stays what it was found to be.
    return comparison?.compared.has(index) === true
      ? comparison.off.has(index)
      : !isGap && prior.targets[index]?.astray === 1
  })
  const headsByGroup = plan.groups.map((group) =>
    getGroupHeads(group, seenByTarget, faultyLive, (target) => isAstray[target] === true),
  )
  const values = headsByGroup.map(
    (heads) => new Map(heads.map(({ plan: { text }, value }) => [text, value])),
  )

  const targets = context.parameters.targets.map((target, index) => {
    const [before, own] = [prior.targets[index], agreed[index]]
    invariant(before !== undefined && own !== undefined, 'a state has every target of its epoch')
    const group = plan.groupOf[index]
    const astray = isAstray[index] === true
    const { crossed, holding } = compareThresholds(
      target.policy,
      isGap ? 0 : before.crossed,
      own.signals,
      (signal) => {
        const name = plan.signalNames[index]?.[signal]
        return group === undefined || name === undefined ? undefined : values[group]?.get(name)
      },
    )
    const failing = countFailing(plan.labels, seenByTarget[index] ?? [])
    const raw = getRawVerdict(target.policy, { ...own, failing, astray, holding }, faultyLive)
    const settled = settleVerdict(before, raw, target.policy, rounds)
    return reuseTarget(before, {
      id: target.id,
      ...settled,
      crossed,
      astray: astray ? 1 : 0,
      ...own,
      blocks: blocks[index] ?? [],
    })
  })
  const groups = plan.groups.map((group, index) => {
    const [before, comparison] = [prior.groups[index], compared[index]]
    invariant(comparison !== undefined, 'every group is compared')
    const now = { round, roundMs, isGap }
    const heads = headsByGroup[index] ?? []
    return reuseGroup(before, makeGroupState(group, before, now, heads, comparison, targets))
  })
  return {
    meta: {
      epoch: context.epoch,
      height: place.height,
      round: place.round,
      excluded,
      handover: prior.meta.handover,
    },
    targets,
    groups,
  }
}

/** What f may still lie once the excluded are out: `max(0, f − excluded weight)` (SPEC 7.2). */
export function getFaultyLive(context: EpochContext, excluded: ReadonlySet<MemberIndex>): number {
  let weight = 0
  for (const member of excluded) weight += context.committee.members[member]?.weight ?? 0
  return Math.max(0, context.faulty - weight)
}

function getExcluded(
  prior: State,
  { round }: BlockPlace,
  evidence: readonly Evidence[],
): Exclusion[] {
  const excluded = new Map(prior.meta.excluded.map((exclusion) => [exclusion.member, exclusion]))
  for (const item of evidence) {
    const member = getOffender(item)
    if (!excluded.has(member)) excluded.set(member, { member, round })
  }
  return [...excluded.values()].toSorted((a, b) => a.member - b.member)
}

/** Observations by target index, of members that are not excluded, each list ascending by member. */
function collect(
  context: EpochContext,
  excluded: ReadonlySet<MemberIndex>,
  attestations: readonly SignedAttestation[],
): readonly (readonly Seen[])[] {
  const byTarget: Seen[][] = context.parameters.targets.map(() => [])
  const ascending = attestations.toSorted((a, b) => a.message.member - b.message.member)
  for (const { message } of ascending) {
    const { member } = message
    const weight = context.committee.members[member]?.weight
    if (weight === undefined || excluded.has(member)) continue
    for (const observation of message.observations) {
      byTarget[observation.target]?.push({ member, weight, observation })
    }
  }
  return byTarget
}

type Agreed = Omit<TargetState, 'id' | 'crossed' | 'astray' | 'blocks' | keyof Settled>

/** SPEC 7.3 to 7.5. */
function aggregateTarget(
  context: EpochContext,
  target: Target,
  seen: readonly Seen[],
  faultyLive: number,
  labels: Labels,
): Agreed {
  const reachedBy = seen.filter(hasStatus('reached'))
  const failedBy = seen.filter(hasStatus('failed'))
  const reached = sumWeights(reachedBy)
  const failed = sumWeights(failedBy)
  const abstained = sumWeights(seen.filter(hasStatus('abstained')))
  const observing = reached + failed
  const isEnough = isMoreThanTwice(observing, faultyLive)
  const majority = <T>(items: readonly Weighed<T>[], isSame: (a: T, b: T) => boolean) =>
    isEnough ? getMajority(items, isSame, observing) : undefined

  const outcome = majority(
    failedBy.map(({ observation, weight }) => ({ value: observation.code, weight })),
    (a, b) => a === b,
  )
  const reference = majority(
    reachedBy
      .filter(({ observation }) => observation.referenceKind !== 0)
      .map(({ observation: { referenceKind, reference: value }, weight }) => ({
        value: { referenceKind, reference: value },
        weight,
      })),
    (a, b) => a.referenceKind === b.referenceKind && a.reference === b.reference,
  )
  return {
    reached,
    failed,
    abstained,
    absent: context.weightTotal - reached - failed - abstained,
    outcome: outcome?.value ?? 0,
    referenceKind: reference?.value.referenceKind ?? 0,
    reference: reference?.value.reference ?? 0,
    signals: aggregateSignals(target, reachedBy, faultyLive),
    identities: target.identities.flatMap((_, index) => {
      const values = reachedBy.flatMap(({ observation, weight }) => {
        const found = observation.identities.find((identity) => identity.index === index)
        return found === undefined ? [] : [{ value: found.value, weight }]
      })
      const agreed = majority(values, areEqual)
      return agreed === undefined ? [] : [{ index, weight: agreed.weight, value: agreed.value }]
    }),
    vantages: getVantages(labels, seen),
  }
}

/** The weights of SPEC 7.3 by region, for every region of the committee. */
function getVantages(labels: Labels, seen: readonly Seen[]): TargetState['vantages'] {
  const vantages = labels.regions.map((region) => ({ region, reached: 0, failed: 0, abstained: 0 }))
  for (const { member, weight, observation } of seen) {
    const vantage = vantages[labels.regionOf[member] ?? -1]
    invariant(vantage !== undefined, 'every member has a region, if one of no name')
    if (observation.status === observationStatuses.reached) vantage.reached += weight
    if (observation.status === observationStatuses.failed) vantage.failed += weight
    if (observation.status === observationStatuses.abstained) vantage.abstained += weight
  }
  return vantages
}

/** SPEC 7.4. */
function aggregateSignals(
  target: Target,
  reachedBy: readonly Seen[],
  faultyLive: number,
): TargetState['signals'] {
  return target.signals.flatMap((definition, index) => {
    const values = reachedBy.flatMap(({ observation, weight }) => {
      const found = observation.signals.find((signal) => signal.index === index)
      return found === undefined ? [] : [{ value: found.value, weight }]
    })
    const weight = sumWeights(values)
    if (!isMoreThanTwice(weight, faultyLive)) return []
    const value =
      definition.aggregate === aggregates.corroborated
        ? getCorroborated(values, faultyLive)
        : getMedian(values)
    return value === undefined ? [] : [{ index, weight, value }]
  })
}

/** Distinct non-empty labels of the members that failed to reach the target (SPEC 7.7.2). */
function countFailing(labels: Labels, seen: readonly Seen[]): Measured['failing'] {
  const failing = seen.filter(hasStatus('failed'))
  const count = (byMember: readonly string[]) => {
    const texts = failing.map(({ member }) => byMember[member] ?? '')
    return new Set(texts.filter((text) => text !== '')).size
  }
  return {
    regions: count(labels.region),
    networks: count(labels.network),
    operators: count(labels.operator),
  }
}

function hasStatus(status: keyof typeof observationStatuses): (seen: Seen) => boolean {
  return ({ observation }) => observation.status === observationStatuses[status]
}
