import {
  type AstrayName,
  astrayNames,
  type EpochContext,
  type Reason,
  formatQuantity,
  formatScaled,
  getCodeName,
  getRoundStartMs,
  outcomes,
  readReason,
  referenceKinds,
  type Round,
  type State,
  type Target,
  type TargetState,
  thresholdOps,
  toHex,
  toSigned,
  toText,
  verdicts,
} from '@watchfire/attestation'
import { formatTime } from './freshness.ts'
import type {
  IdentityReading,
  ReasonReading,
  SignalReading,
  TargetDefinition,
  TargetReading,
} from './reading-schemas.ts'

// An agreed state as people and JSON read it. Nothing here decides anything.

/** The name of a verdict; `none` before the first round that covers the target. */
export function getVerdictName(code: number): TargetReading['verdict'] {
  return code === 0 ? 'none' : (getCodeName(verdicts, code) as TargetReading['verdict'])
}

const toOptional = (bytes: Uint8Array): string | null => (bytes.length === 0 ? null : toText(bytes))

/** @param weight the weight behind the value; undefined in one member's own observation */
export function readSignal(
  target: Target,
  signal: { index: number; value: bigint; weight?: number },
): SignalReading {
  const definition = target.signals[signal.index]
  const value = toSigned(signal.value)
  const scale = definition?.scale ?? 0
  const unit = definition === undefined ? '' : toText(definition.unit)
  return {
    name: definition === undefined ? String(signal.index) : toText(definition.name),
    value: value.toString(),
    scale,
    unit,
    decimal: formatScaled(value, scale),
    text: formatQuantity(value, scale, unit),
    weight: signal.weight ?? null,
  }
}

/** @param weight the weight behind the value; undefined in one member's own observation */
export function readIdentity(
  target: Target,
  identity: { index: number; value: Uint8Array; weight?: number },
): IdentityReading {
  const definition = target.identities[identity.index]
  return {
    name: definition === undefined ? String(identity.index) : toText(definition.name),
    value: toHex(identity.value),
    weight: identity.weight ?? null,
  }
}

/** What an observation or an agreed state refers to: a block height or a time. */
export function readReference(kind: number, value: number): TargetReading['reference'] {
  if (kind === referenceKinds.none) return null
  return { kind: kind === referenceKinds.height ? 'height' : 'time', value }
}

function readThreshold(target: Target, threshold: Target['policy']['thresholds'][number]) {
  const definition = target.signals[threshold.signal]
  const value = toSigned(threshold.value)
  const clear = toSigned(threshold.clear)
  const format = (amount: bigint) =>
    formatQuantity(
      amount,
      definition?.scale ?? 0,
      definition === undefined ? '' : toText(definition.unit),
    )
  return {
    name: definition === undefined ? String(threshold.signal) : toText(definition.name),
    op: getCodeName(thresholdOps, threshold.op) as 'above' | 'below' | 'lag',
    value: value.toString(),
    text: format(value),
    clear: clear.toString(),
    clearText: format(clear),
    severity: getVerdictName(threshold.severity) as 'degraded' | 'down',
  }
}

/** What was agreed about one target. */
export function readTarget(
  context: EpochContext,
  target: Target,
  state: TargetState,
  groups: State['groups'],
): TargetReading {
  const covered = state.verdict !== 0
  const since = covered ? state.since : null
  const { reached, failed, abstained, absent } = state
  const rises = state.streak < state.settled
  return {
    id: toText(state.id),
    kind: toText(target.kind),
    group: toOptional(target.group),
    provider: toOptional(target.provider),
    shard: target.shard,
    verdict: getVerdictName(state.verdict),
    since,
    sinceStart: since === null ? null : formatTime(getRoundStartMs(context.parameters, since)),
    reason: toReasonReading(readReason(target, state, groups)),
    pending:
      state.streak === 0
        ? null
        : {
            towards: getVerdictName(state.streak),
            rounds: state.streakCount,
            needed: rises ? target.policy.riseRounds : target.policy.fallRounds,
          },
    observed: { reached, failed, abstained, absent, weightTotal: context.weightTotal },
    astray: state.astray === 1,
    outcome: state.outcome === 0 ? null : getCodeName(outcomes, state.outcome),
    reference: readReference(state.referenceKind, state.reference),
    signals: state.signals.map((signal) => readSignal(target, signal)),
    identities: state.identities.map((identity) => readIdentity(target, identity)),
    vantages: state.vantages.map((vantage) => ({
      region: toText(vantage.region),
      reached: vantage.reached,
      failed: vantage.failed,
      abstained: vantage.abstained,
    })),
  }
}

const toReasonReading = (reason: Reason | undefined): ReasonReading =>
  reason === undefined
    ? null
    : { kind: reason.kind, code: reason.code ?? null, words: reason.words }

/** What the manifest says of a target. */
export function readDefinition(target: Target): TargetDefinition {
  const { policy } = target
  return {
    timeoutMs: target.timeoutMs,
    // Canonical JSON by admission (SPEC 4.2): parsing cannot fail on an admitted manifest.
    params: JSON.parse(new TextDecoder().decode(target.params)),
    policy: {
      reachedMin: policy.reachedMin,
      failedMin: policy.failedMin,
      fallRounds: policy.fallRounds,
      riseRounds: policy.riseRounds,
      regionsMin: policy.regionsMin,
      networksMin: policy.networksMin,
      operatorsMin: policy.operatorsMin,
      astray: getCodeName(astrayNames, policy.astray) as AstrayName,
      thresholds: policy.thresholds.map((threshold) => {
        const { name, ...reading } = readThreshold(target, threshold)
        return { signal: name, ...reading }
      }),
    },
  }
}

/** The state of a target nothing was certified of yet: SPEC 7.1's genesis. */
export function makeUncovered(context: EpochContext, target: Target): TargetState {
  return {
    id: target.id,
    verdict: 0,
    settled: 0,
    since: 0 as Round,
    streak: 0,
    streakCount: 0,
    crossed: 0,
    astray: 0,
    reasonKind: 0,
    reasonCode: 0,
    reached: 0,
    failed: 0,
    abstained: 0,
    absent: context.weightTotal,
    outcome: 0,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
    vantages: [],
    blocks: [],
  }
}
