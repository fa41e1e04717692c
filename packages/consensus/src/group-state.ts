import {
  type GroupHead,
  type GroupState,
  type HeadPace,
  type Round,
  standings,
  type TargetIndex,
  type TargetState,
  toBits,
  toSigned,
  toText,
  verdicts,
} from '@watchfire/attestation'
import type { AgreedHead } from './group-heads.ts'
import { getBehindMs, isLate, moveMarks } from './head-pace.ts'
import type { Comparison } from './known-blocks.ts'
import type { GroupPlan } from './plan.ts'

/**
 * How a chain is, after a block (SPEC 7.11).
 *
 * @param before the group in the parent's state
 * @param isGap whether what that remembers is too old
 * @param targets all targets of the new state
 */
export function makeGroupState(
  plan: GroupPlan,
  before: GroupState | undefined,
  { round, roundMs, isGap }: { readonly round: Round; readonly roundMs: number; isGap: boolean },
  heads: readonly AgreedHead[],
  { forks }: Comparison,
  targets: readonly TargetState[],
): GroupState {
  const known = new Map(isGap ? [] : before?.paces.map((pace) => [toText(pace.name), pace]))
  const agreed = new Set<string>()
  for (const { plan: head, value } of heads) {
    agreed.add(head.text)
    known.set(head.text, moveMarks(head, known.get(head.text), round, value, roundMs))
  }
  const paces = plan.heads.flatMap(({ text }) => known.get(text) ?? [])
  const isForked = plan.targets.some((index) => targets[index]?.astray === 1)
  const followed = paces.filter(({ name }) => agreed.has(toText(name)))
  const standing = isForked ? standings.forked : getStanding(followed, round, roundMs)
  return {
    id: plan.id,
    standing,
    since: before?.standing === standing ? before.since : round,
    heads: heads.map((head) => makeHead(head, heads, known)),
    paces,
    forks,
    signals: getSignals(plan, targets),
  }
}

/** @param paces of the heads agreed on in this block */
function getStanding(paces: readonly HeadPace[], round: Round, roundMs: number): number {
  const [late, timely] = [true, false].map((is) =>
    paces.filter((pace) => isLate(pace, round, roundMs) === is),
  )
  if (timely?.some(({ intervalUs }) => intervalUs > 0) === true) return standings.advancing
  return late === undefined || late.length === 0 ? standings.unknown : standings.still
}

function makeHead(
  { plan, weight, value }: AgreedHead,
  heads: readonly AgreedHead[],
  paces: ReadonlyMap<string, HeadPace>,
): GroupHead {
  const alike = heads.filter(
    (each) => each.plan.unit === plan.unit && each.plan.scale === plan.scale,
  )
  let front = { plan, value }
  for (const each of alike) if (each.value > front.value) front = each
  const { intervalUs = 0 } = paces.get(front.plan.text) ?? {}
  const behindMs = getBehindMs(front.value, value, plan.scale, intervalUs)
  return { name: plan.name, weight, value: toBits(value), behindMs }
}

/** Verdicts of targets that tell nothing of the chain. */
const silentVerdicts: ReadonlySet<number> = new Set([0, verdicts.down, verdicts.unknown])

function getSignals(plan: GroupPlan, targets: readonly TargetState[]): GroupState['signals'] {
  const speaking = new Set(
    plan.targets.filter((index) => {
      const target = targets[index]
      return target !== undefined && target.astray === 0 && !silentVerdicts.has(target.verdict)
    }),
  )
  return plan.signals.flatMap(({ target, signal, sources }) => {
    const values = sources.flatMap((source) => {
      if (!speaking.has(source.target)) return []
      const found = targets[source.target]?.signals.find(({ index }) => index === source.signal)
      return found === undefined ? [] : [toSigned(found.value)]
    })
    const value = getLowerMedian(values)
    if (value === undefined) return []
    return [{ target: target as TargetIndex, signal, targets: values.length, value: toBits(value) }]
  })
}

/** The value in the middle, the lower of two. */
function getLowerMedian(values: readonly bigint[]): bigint | undefined {
  const ascending = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return ascending[Math.floor((ascending.length - 1) / 2)]
}
