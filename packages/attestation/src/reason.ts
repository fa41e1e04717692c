import { toSigned, toText } from './bytes.ts'
import { getCodeName, outcomes, reasonKinds, type ReasonKindName, thresholdOps } from './codes.ts'
import { formatQuantity } from './quantity.ts'
import type { Target, Threshold } from './schema.ts'
import type { State, TargetState } from './state-schema.ts'

/** Why a target's verdict is what it is (SPEC 7.7). */
export interface Reason {
  readonly kind: Exclude<ReasonKindName, 'none'>
  /** The outcome, or the signal whose threshold holds. */
  readonly code: string | undefined
  /** For people: which threshold, what value against what limit, which regions see what. */
  readonly words: string
}

/**
 * The reason of a target's verdict in words (SPEC 7.7).
 *
 * @param groups of the same state: a lag is told with the group's head where it has one
 * @returns undefined where there is none, as of a target that is up
 */
export function readReason(
  target: Target,
  state: TargetState,
  groups: State['groups'] = [],
): Reason | undefined {
  const { reached, failed, abstained, absent } = state
  const observing = reached + failed
  // The reason is that of the round in which the verdict began; while another one gathers rounds,
  // the numbers of now do not belong to it.
  const isHeld = state.streak !== 0
  switch (state.reasonKind) {
    case reasonKinds.none:
      return undefined
    case reasonKinds.outcome: {
      const code = state.reasonCode === 0 ? undefined : getCodeName(outcomes, state.reasonCode)
      const how = code === undefined ? 'in different ways' : `with ${code}`
      const where = listRegions(state, 'failed')
      const words = isHeld
        ? `it failed ${how}`
        : `${failed} of ${observing} observing fail ${how}${where}`
      return { kind: 'outcome', code, words }
    }
    case reasonKinds.threshold:
      return readThresholdReason(target, state, groups, isHeld)
    case reasonKinds.astray: {
      const words = `it ${isHeld ? 'was' : 'is'} on another chain than most of its group, or nobody knows which is right`
      return { kind: 'astray', code: undefined, words }
    }
    case reasonKinds.share: {
      const reach = `${reached} reach it${listRegions(state, 'reached')}`
      const words = `observers differ: ${reach}, ${failed} do not${listRegions(state, 'failed')}`
      return { kind: 'share', code: undefined, words: isHeld ? 'observers differed' : words }
    }
    case reasonKinds.vantage: {
      const words = isHeld
        ? 'it failed from too few distinct places'
        : `${failed} of ${observing} observing fail, from too few distinct places${listRegions(state, 'failed')}`
      return { kind: 'vantage', code: undefined, words }
    }
    default: {
      const words = `too few observers: ${abstained} abstain, ${absent} say nothing`
      return { kind: 'observers', code: undefined, words }
    }
  }
}

function readThresholdReason(
  target: Target,
  state: TargetState,
  groups: State['groups'],
  isHeld: boolean,
): Reason {
  const kind = 'threshold'
  const threshold = target.policy.thresholds[state.reasonCode]
  if (threshold === undefined)
    return { kind, code: undefined, words: `threshold ${state.reasonCode} holds` }
  const { name, limit, clear, format } = readThreshold(target, threshold)
  if (isHeld) return { kind, code: name, words: `${name} passed ${limit}` }
  const agreed = state.signals.find((signal) => signal.index === threshold.signal)
  const value = agreed === undefined ? undefined : toSigned(agreed.value)
  const now = value === undefined ? name : `${name} ${format(value)}`
  const isWithin = (measured: bigint | undefined) =>
    measured !== undefined && !isBeyond(threshold, measured)
  if (threshold.op !== thresholdOps.lag) {
    const op = getCodeName(thresholdOps, threshold.op)
    const words = isWithin(value)
      ? `${now} was ${op} ${limit} and is not back at ${clear}`
      : `${now} is ${op} ${limit}`
    return { kind, code: name, words }
  }
  const head = findHead(target, groups, name)
  if (value === undefined || head === undefined)
    return { kind, code: name, words: `${now} is more than ${limit} behind` }
  const behind = `${now} is ${format(head - value)} behind its group's ${format(head)}`
  const words = isWithin(head - value)
    ? `${behind}: it was more than ${limit} and is not back at ${clear}`
    : `${behind}, more than ${limit}`
  return { kind, code: name, words }
}

/** Whether a value passes the bound itself, not only what it must come back to (SPEC 7.7). */
function isBeyond({ op, value }: Threshold, measured: bigint): boolean {
  const bound = toSigned(value)
  return op === thresholdOps.below ? measured < bound : measured > bound
}

/** A threshold's signal and bound as a person reads them. */
function readThreshold(
  target: Target,
  threshold: Threshold,
): {
  readonly name: string
  readonly limit: string
  readonly clear: string
  readonly format: (value: bigint) => string
} {
  const definition = target.signals[threshold.signal]
  const unit = definition === undefined ? '' : toText(definition.unit)
  const scale = definition?.scale ?? 0
  const format = (value: bigint) => formatQuantity(value, scale, unit)
  const name = definition === undefined ? String(threshold.signal) : toText(definition.name)
  const limit = format(toSigned(threshold.value))
  return { name, limit, clear: format(toSigned(threshold.clear)), format }
}

function findHead(target: Target, groups: State['groups'], name: string): bigint | undefined {
  const id = toText(target.group)
  const group = groups.find((each) => toText(each.id) === id)
  const head = group?.heads.find((each) => toText(each.name) === name)
  return head === undefined ? undefined : toSigned(head.value)
}

/** ` (eu 2, us 1)`: the weights of the regions that saw it so; nothing where there is one region. */
function listRegions(state: TargetState, how: 'reached' | 'failed'): string {
  if (state.vantages.length < 2) return ''
  const parts = state.vantages.flatMap((vantage) => {
    const region = vantage.region.length === 0 ? 'no region' : toText(vantage.region)
    return vantage[how] === 0 ? [] : [`${region} ${vantage[how]}`]
  })
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}
