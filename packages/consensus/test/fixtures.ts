import {
  aggregates,
  type Committee,
  type Digest,
  type Epoch,
  type EpochContext,
  type Evidence,
  fromText,
  type Handover,
  type Height,
  type MemberIndex,
  makeEpochContext,
  type Observation,
  observationStatuses,
  type Parameters,
  type Policy,
  type Round,
  type SignedAttestation,
  type Target,
  type TargetIndex,
  toBits,
  type UnixMs,
  type View,
} from '@watchfire/attestation'

/** Makers of small, valid things for tests; every field can be set where a test is about it. */

export const networkId = new Uint8Array(32).fill(7) as Digest
export const originMs = 1_763_683_200_000 as UnixMs

export interface MemberLabels {
  readonly weight?: number
  readonly region?: string
  readonly network?: string
  readonly operator?: string
}

/** Member `i` has the id `m00i` and the public key of 32 bytes `i + 1`. */
export function makeCommittee(members: readonly MemberLabels[]): Committee {
  return {
    members: members.map(({ weight = 1, region = '', network = '', operator = '' }, index) => ({
      id: fromText(`m${String(index).padStart(3, '0')}`),
      publicKey: new Uint8Array(32).fill(index + 1),
      weight,
      region: fromText(region),
      network: fromText(network),
      operator: fromText(operator),
    })),
  }
}

export function makePolicy(policy: Partial<Policy> = {}): Policy {
  return {
    reachedMin: 667,
    failedMin: 667,
    fallRounds: 3,
    riseRounds: 2,
    regionsMin: 0,
    networksMin: 0,
    operatorsMin: 0,
    astray: 2,
    thresholds: [],
    ...policy,
  }
}

export interface TargetDraft {
  readonly id?: string
  readonly group?: string
  readonly shard?: number
  readonly policy?: Partial<Policy>
  readonly signals?: readonly (readonly [name: string, aggregate: keyof typeof aggregates])[]
  readonly identities?: readonly string[]
}

export function makeTarget(draft: TargetDraft = {}): Target {
  return {
    id: fromText(draft.id ?? 'web'),
    kind: fromText('http'),
    group: fromText(draft.group ?? ''),
    provider: fromText(''),
    shard: draft.shard ?? 0,
    timeoutMs: 100,
    params: fromText('{}'),
    signals: (draft.signals ?? []).map(([name, aggregate]) => ({
      name: fromText(name),
      unit: fromText(''),
      scale: 0,
      aggregate: aggregates[aggregate],
    })),
    identities: (draft.identities ?? []).map((name) => ({ name: fromText(name) })),
    policy: makePolicy(draft.policy),
  }
}

export function makeParameters(parameters: Partial<Parameters> = {}): Parameters {
  return {
    originRound: 0 as Round,
    originMs,
    roundMs: 2000,
    attestByMs: 1000,
    proposeAtMs: 1300,
    viewTimeoutMs: 500,
    viewTimeoutMsMax: 8000,
    roundsBehindMax: 8,
    gapMax: 30,
    shards: 1,
    targets: [makeTarget()],
    handover: [],
    ...parameters,
  }
}

export function makeContext(
  members: readonly MemberLabels[],
  parameters: Partial<Parameters> = {},
  epoch = 0,
): EpochContext {
  return makeEpochContext(
    networkId,
    epoch as Epoch,
    makeCommittee(members),
    makeParameters(parameters),
  )
}

/** A committee of `count` members of weight 1. */
export function makeEqual(count: number, parameters: Partial<Parameters> = {}): EpochContext {
  return makeContext(
    Array.from({ length: count }, () => ({})),
    parameters,
  )
}

export function makeHandover(next: EpochContext, lastHeight: number): Handover {
  return {
    lastHeight: lastHeight as Height,
    committee: next.committeeHash,
    parameters: next.parametersHash,
  }
}

export interface ObservationDraft {
  readonly target?: number
  readonly status?: keyof typeof observationStatuses
  readonly code?: number
  readonly referenceKind?: number
  readonly reference?: number
  /** Signed values by signal index. */
  readonly signals?: Readonly<Record<number, bigint>>
  readonly identities?: Readonly<Record<number, Uint8Array>>
}

export function makeObservation(draft: ObservationDraft = {}): Observation {
  const status = draft.status ?? 'reached'
  return {
    target: (draft.target ?? 0) as TargetIndex,
    status: observationStatuses[status],
    code: draft.code ?? (status === 'reached' ? 0 : 1),
    referenceKind: draft.referenceKind ?? 0,
    reference: draft.reference ?? 0,
    signals: Object.entries(draft.signals ?? {}).map(([index, value]) => ({
      index: Number(index),
      value: toBits(value),
    })),
    identities: Object.entries(draft.identities ?? {}).map(([index, value]) => ({
      index: Number(index),
      value,
    })),
  }
}

/** An attestation with a signature of zeroes: for what does not look at signatures. */
export function makeAttestation(
  member: number,
  observations: readonly ObservationDraft[],
  { round = 1, shard = 0, epoch = 0 } = {},
): SignedAttestation {
  return {
    message: {
      epoch: epoch as Epoch,
      round: round as Round,
      shard,
      member: member as MemberIndex,
      observations: observations.map(makeObservation),
    },
    signature: new Uint8Array(64),
  }
}

/** Two notarize votes of `member` for different headers, unsigned. */
export function makeUnsignedEvidence(member: number): Evidence {
  const vote = (fill: number) => ({
    message: {
      epoch: 0 as Epoch,
      view: 1 as View,
      kind: 1,
      member: member as MemberIndex,
      header: new Uint8Array(32).fill(fill) as Digest,
    },
    signature: new Uint8Array(64),
  })
  return { selector: 2, value: { first: vote(1), second: vote(2) } }
}
