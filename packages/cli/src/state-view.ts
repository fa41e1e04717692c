import {
  abstentions,
  type CertifiedState,
  type ExcludedMember,
  getCodeName,
  listExcluded,
  outcomes,
  type ProviderIncident,
  reasonKinds,
  readReason,
  referenceKinds,
  type State,
  type Target,
  type TargetState,
  thresholdOps,
  toHex,
  toSigned,
  toText,
  verdicts,
  viewProviders,
} from '@watchfire/attestation'
import type { Style } from './text/terminal.ts'
import { formatSignal } from './text/units.ts'

/** An agreed number, for people and for machines. */
export interface SignalView {
  readonly name: string
  /** Integer in the manifest's scale, as text: it may exceed what JSON numbers hold. */
  readonly value: string
  readonly scale: number
  readonly unit: string
  /** For people. */
  readonly text: string
  readonly weight: number
}

/** What was agreed on one target, in names instead of numbers. */
export interface TargetView {
  readonly id: string
  readonly kind: string
  /** `none` before the first agreed result. */
  readonly verdict: string
  /** Round since which the verdict holds. */
  readonly since: number
  /** Why, in a word or two; empty when up. */
  readonly reason: string
  /** Why, with the numbers and the regions; empty when up. */
  readonly words: string
  readonly reached: number
  readonly failed: number
  readonly abstained: number
  readonly absent: number
  readonly reference: { readonly kind: string; readonly value: number } | undefined
  readonly signals: readonly SignalView[]
  readonly identities: readonly { readonly name: string; readonly value: string }[]
}

/** A certified state in names instead of numbers. */
export interface StateView {
  readonly network: string
  readonly epoch: number
  readonly height: number
  readonly round: number
  readonly parentRound: number
  readonly signers: readonly string[]
  readonly weight: number
  readonly weightTotal: number
  readonly quorum: number
  readonly committee: number
  /** Members whose observations do not count, for they signed two things for one place. */
  readonly excluded: readonly ExcludedMember[]
  /** Providers much of which is down at once: one incident each, whatever its targets. */
  readonly incidents: readonly IncidentView[]
  readonly targets: readonly TargetView[]
}

/** What many targets of one provider have in common: they are down. */
export interface IncidentView extends ProviderIncident {
  readonly provider: string
}

/** What a verified certificate file says, for people and for `--json`. */
export function viewState(certified: CertifiedState): StateView {
  const { context, header, signers, state } = certified
  const weights = new Map(
    context.committee.members.map((member) => [toText(member.id), member.weight]),
  )
  return {
    network: toHex(context.networkId),
    epoch: header.epoch,
    height: header.height,
    round: header.round,
    parentRound: header.parentRound,
    signers,
    weight: signers.reduce((sum, id) => sum + (weights.get(id) ?? 0), 0),
    weightTotal: context.weightTotal,
    quorum: context.quorum,
    committee: context.memberIds.length,
    excluded: listExcluded(context, state),
    incidents: viewProviders(context, state).flatMap(({ id, incident }) =>
      incident === undefined ? [] : [{ provider: id, ...incident }],
    ),
    targets: state.targets.flatMap((target, index) => {
      const definition = context.parameters.targets[index]
      return definition === undefined ? [] : [viewTarget(definition, target, state.groups)]
    }),
  }
}

/** @param groups of the same state: a lag is told with the group's head */
export function viewTarget(
  definition: Target,
  state: TargetState,
  groups: State['groups'],
): TargetView {
  return {
    id: toText(definition.id),
    kind: toText(definition.kind),
    verdict: getVerdict(state.verdict),
    since: state.since,
    reason: describeReason(definition, state),
    words: readReason(definition, state, groups)?.words ?? '',
    reached: state.reached,
    failed: state.failed,
    abstained: state.abstained,
    absent: state.absent,
    reference:
      state.referenceKind === referenceKinds.none
        ? undefined
        : {
            kind: getCodeName(referenceKinds, state.referenceKind),
            value: state.reference,
          },
    signals: state.signals.flatMap(({ index, value, weight }) => {
      const signal = viewSignal(definition, index, value)
      return signal === undefined ? [] : [{ ...signal, weight }]
    }),
    identities: state.identities.flatMap(({ index, value }) => {
      const identity = definition.identities[index]
      return identity === undefined ? [] : [{ name: toText(identity.name), value: toHex(value) }]
    }),
  }
}

/** A signal's value with what the manifest says of it; undefined for a signal it does not define. */
export function viewSignal(
  definition: Target,
  index: number,
  bits: bigint,
): Omit<SignalView, 'weight'> | undefined {
  const signal = definition.signals[index]
  if (signal === undefined) return undefined
  const value = toSigned(bits)
  const unit = toText(signal.unit)
  const { scale } = signal
  return {
    name: toText(signal.name),
    value: value.toString(),
    scale,
    unit,
    text: formatSignal(value, unit, scale),
  }
}

export function getVerdict(code: number): string {
  return code === 0 ? 'none' : getCodeName(verdicts, code)
}

/** Name of an observation's code: an outcome where it failed, a reason where it abstained. */
export function getObservationCode(status: 'failed' | 'abstained', code: number): string {
  return getCodeName(status === 'failed' ? outcomes : abstentions, code)
}

function describeReason(definition: Target, state: TargetState): string {
  const { reasonKind, reasonCode } = state
  switch (reasonKind) {
    case reasonKinds.outcome:
      return reasonCode === 0 ? 'failures differ' : getCodeName(outcomes, reasonCode)
    case reasonKinds.threshold:
      return describeThreshold(definition, reasonCode)
    case reasonKinds.share:
      return 'monitors differ'
    case reasonKinds.observers:
      return 'too few observers'
    case reasonKinds.vantage:
      return 'seen from too few places'
    case reasonKinds.astray:
      return 'on another chain than its group'
    default:
      return ''
  }
}

function describeThreshold(definition: Target, index: number): string {
  const threshold = definition.policy.thresholds[index]
  const signal = threshold && viewSignal(definition, threshold.signal, threshold.value)
  if (threshold === undefined || signal === undefined) return `threshold ${index}`
  return threshold.op === thresholdOps.lag
    ? `${signal.name} more than ${signal.text} behind`
    : `${signal.name} ${getCodeName(thresholdOps, threshold.op)} ${signal.text}`
}

const styles: Readonly<Record<string, Style>> = {
  up: 'green',
  degraded: 'yellow',
  disputed: 'magenta',
  down: 'red',
}

/** Colour of a verdict. */
export function getVerdictStyle(verdict: string): Style {
  return styles[verdict] ?? 'gray'
}

/** Signals that say most about a target, the most telling first. */
const TELLING = ['price', 'head', 'height', 'latency']

/** The one signal to show where there is room for one. */
export function getMainSignal({ signals }: TargetView): SignalView | undefined {
  for (const name of TELLING) {
    const found = signals.find((signal) => signal.name === name)
    if (found !== undefined) return found
  }
  return signals[0]
}
