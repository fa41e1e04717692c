import { toHex, toSigned, toText } from './bytes.ts'
import { aggregates, astrayNames, getCodeName, thresholdOps, verdicts } from './codes.ts'
import { decodeParams, type ProbeParams } from './params.ts'
import type { Manifest, Member, Parameters, Policy, SignalDef, Target } from './schema.ts'

/** A threshold in the manifest file's form: exactly one of `above`, `below` and `lag` (SPEC 4.1). */
export interface ThresholdJson {
  readonly signal: string
  readonly above?: number | string
  readonly below?: number | string
  readonly lag?: number | string
  /** Where it ends to hold; in a manifest read back always there (SPEC 7.7). */
  readonly clear?: number | string
  readonly severity: string
}

/** A target’s policy in the file’s form; shares are per mille of the observing weight (SPEC 4, 7.7). */
export interface PolicyJson {
  readonly reachedMin: number
  readonly failedMin: number
  readonly fallRounds: number
  readonly riseRounds: number
  readonly regionsMin: number
  readonly networksMin: number
  readonly operatorsMin: number
  /** `degraded`, `down` or `none`: what it is while on another chain than its group (SPEC 7.7). */
  readonly astray: string
  readonly thresholds: readonly ThresholdJson[]
}

/** A signal a target yields; a value means `value / 10^scale` of its unit. */
export interface SignalJson {
  readonly name: string
  readonly unit: string
  readonly scale: number
  readonly aggregate: string
}

/** A target in the file’s form. */
export interface TargetJson {
  readonly id: string
  readonly kind: string
  readonly group: string
  readonly provider: string
  readonly shard: number
  readonly timeoutMs: number
  readonly params: ProbeParams
  readonly signals: readonly SignalJson[]
  readonly identities: readonly { readonly name: string }[]
  readonly policy: PolicyJson
}

/** A member in the file’s form; its key in 64 hex digits. */
export interface MemberJson {
  readonly id: string
  readonly publicKey: string
  readonly weight: number
  readonly region: string
  readonly network: string
  readonly operator: string
}

/** A manifest in its file's form, every default written out (SPEC 4). */
export interface ManifestJson {
  readonly format: number
  readonly protocol: number
  readonly name: string
  readonly features: readonly string[]
  readonly committee: readonly MemberJson[]
  readonly parameters: ParametersJson
}

/** An epoch’s parameters in the file’s form, times in milliseconds (SPEC 4.4). */
export interface ParametersJson {
  readonly originRound: number
  readonly originMs: number
  readonly roundMs: number
  readonly attestByMs: number
  readonly proposeAtMs: number
  readonly viewTimeoutMs: number
  readonly viewTimeoutMsMax: number
  readonly roundsBehindMax: number
  readonly gapMax: number
  readonly shards: number
  readonly handover: readonly {
    readonly lastHeight: number
    readonly committee: string
    readonly parameters: string
  }[]
  readonly targets: readonly TargetJson[]
}

/**
 * The manifest as its file would have it, in the canonical order, with every default written out.
 * Parsed again it gives the same manifest and so the same network id.
 *
 * @param manifest one that satisfies SPEC 4.4
 */
export function manifestToJson(manifest: Manifest): ManifestJson {
  return {
    format: manifest.format,
    protocol: manifest.protocol,
    name: toText(manifest.name),
    features: manifest.features.map(toText),
    committee: manifest.committee.members.map(memberToJson),
    parameters: parametersToJson(manifest.parameters),
  }
}

function memberToJson(member: Member): MemberJson {
  return {
    id: toText(member.id),
    publicKey: toHex(member.publicKey),
    weight: member.weight,
    region: toText(member.region),
    network: toText(member.network),
    operator: toText(member.operator),
  }
}

function parametersToJson(parameters: Parameters): ParametersJson {
  return {
    ...parameters,
    handover: parameters.handover.map((handover) => ({
      lastHeight: handover.lastHeight,
      committee: toHex(handover.committee),
      parameters: toHex(handover.parameters),
    })),
    targets: parameters.targets.map(targetToJson),
  }
}

/** One target as the manifest file has it. @throws when its params are not canonical (SPEC 4.4) */
export function targetToJson(target: Target): TargetJson {
  const params = decodeParams(target.params)
  if (params === undefined) throw new TypeError('the params of an admitted target are canonical')
  return {
    id: toText(target.id),
    kind: toText(target.kind),
    group: toText(target.group),
    provider: toText(target.provider),
    shard: target.shard,
    timeoutMs: target.timeoutMs,
    params,
    signals: target.signals.map(signalToJson),
    identities: target.identities.map(({ name }) => ({ name: toText(name) })),
    policy: policyToJson(target.policy, target.signals),
  }
}

function signalToJson(signal: SignalDef): SignalJson {
  return {
    name: toText(signal.name),
    unit: toText(signal.unit),
    scale: signal.scale,
    aggregate: getCodeName(aggregates, signal.aggregate),
  }
}

function policyToJson(policy: Policy, signals: readonly SignalDef[]): PolicyJson {
  return {
    ...policy,
    astray: getCodeName(astrayNames, policy.astray),
    thresholds: policy.thresholds.map((threshold) => {
      const signal = signals[threshold.signal]
      if (signal === undefined)
        throw new TypeError('a threshold of an admitted target has a signal')
      return {
        signal: toText(signal.name),
        [getCodeName(thresholdOps, threshold.op)]: int64ToJson(toSigned(threshold.value)),
        clear: int64ToJson(toSigned(threshold.clear)),
        severity: getCodeName(verdicts, threshold.severity),
      }
    }),
  }
}

/** SPEC 4.1: integers beyond 2^53 are written as decimal strings. */
function int64ToJson(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
