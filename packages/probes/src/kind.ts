import type {
  AbstentionName,
  AggregateName,
  OutcomeName,
  ReferenceKindName,
  Round,
  UnixMs,
} from '@watchfire/attestation'
import type { Static, TSchema } from 'typebox'
import type { ProbeNetwork } from './net/probe-network.ts'
import type { Phase, PhaseTimer } from './phase-timer.ts'

/** What a probe that did not reach its target says: the target failed, or we have nothing to say. */
export type Stop = Failed | Abstained

/** The target's failure, by a code of SPEC chapter 3. `detail` stays on this machine. */
export interface Failed {
  readonly status: 'failed'
  readonly outcome: OutcomeName
  readonly detail: string
}

/** The observer's own failure, which says nothing about the target. `detail` stays on this machine. */
export interface Abstained {
  readonly status: 'abstained'
  readonly reason: AbstentionName
  readonly detail: string
}

/** What a probe read. Names are those that the kind declares; what is left out is unknown. */
export interface Reached {
  readonly status: 'reached'
  /** The height or the time (ms) that signals and identities are of, where there is one. */
  readonly reference?: {
    readonly kind: Exclude<ReferenceKindName, 'none'>
    readonly value: number
  }
  /** Signed 64-bit integers in the unit and scale that the kind declares. */
  readonly signals: Readonly<Record<string, bigint>>
  /** At most 32 bytes each. */
  readonly identities: Readonly<Record<string, Uint8Array>>
}

/** What a kind's `probe` gives. */
export type ProbeAnswer = Reached | Stop

/** An answer with the phases that were timed on the way to it. */
export type ProbeResult = ProbeAnswer & { readonly phases: readonly Phase[] }

/** A step of a probe: its value, or what the whole probe then says. */
export type Step<T> = { readonly ok: true; readonly value: T } | StoppedStep

/** A step that ends the probe. */
export interface StoppedStep {
  readonly ok: false
  readonly stop: Stop
}

/** One number that a probe of this kind yields (SPEC 7.4). */
export interface KindSignal {
  /** An identifier of at most 32 bytes. */
  readonly name: string
  /** Its unit, such as `us`, `ms`, `blocks`; at most 16 bytes. */
  readonly unit: string
  /** Decimal digits after the point: a value of 12345 with scale 2 means 123.45. At most 18. */
  readonly scale: number
  /** How monitors' values become one; `corroborated` where a higher value is one that others reached. */
  readonly aggregate: AggregateName
  /** What it measures, for people. */
  readonly meaning: string
  /** A healthy target may lack it: it is then left out, and no threshold on it holds. */
  readonly optional?: true
  /** A manifest defines it only where its draft does, or has a threshold on it: few want to pay for it. */
  readonly extra?: true
}

/** One value of at most 32 bytes that honest monitors read alike (SPEC 7.5). */
export interface KindIdentity {
  readonly name: string
  readonly meaning: string
  /** A healthy target may lack it. */
  readonly optional?: true
}

/** A threshold in the manifest file's form (SPEC 4): exactly one of above, below and lag. */
export interface ThresholdFile {
  readonly signal: string
  readonly above?: number | string
  readonly below?: number | string
  readonly lag?: number | string
  /** Where a threshold that holds ends to: within the bound, for a value that wobbles around it. */
  readonly clear?: number | string
  readonly severity: 'degraded' | 'down'
}

/** A policy in the manifest file's form (SPEC 4, 7.7, 7.8). */
export interface PolicyFile {
  /** Per mille of the observing weight that must reach the target, else it is disputed. */
  readonly reachedMin: number
  /** Per mille of the observing weight that must fail for it to be down. */
  readonly failedMin: number
  readonly fallRounds: number
  readonly riseRounds: number
  readonly regionsMin: number
  readonly networksMin: number
  readonly operatorsMin: number
  /** What it is while on another chain than most of its group; default degraded (SPEC 7.7). */
  readonly astray?: 'degraded' | 'down' | 'none'
  readonly thresholds: readonly ThresholdFile[]
}

/** What a default policy may look at besides the parameters. */
export interface PolicyBasis {
  readonly timeoutMs: number
  /** Empty where the target stands alone; `lag` thresholds need a group (SPEC 4.4.5). */
  readonly group: string
}

/** What is wrong with a target, where, and what was expected instead. */
export interface ParamsProblem {
  readonly path: readonly (string | number)[]
  readonly code: string
  readonly expected: string
  readonly got?: string
}

/**
 * What a probe is given. Everything it does ends with `signal`; what it opens through `net` is closed
 * then. It is to be passed on as it is: a copy by spread would lack `signal`, which is made when asked for.
 */
export interface ProbeContext {
  /** Aborts at the deadline, or when the node stops. */
  readonly signal: AbortSignal
  /** When the answer must be there. */
  readonly deadlineMs: UnixMs
  /** The target's `timeoutMs`. */
  readonly timeoutMs: number
  readonly round: Round
  /** Ages are against this, not the clock, so that monitors agree on them. */
  readonly roundStartMs: UnixMs
  /** The wall clock, in ms. */
  nowMs(): UnixMs
  /** The only way out: resolves and connects under the operator's address rules and byte bounds. */
  readonly net: ProbeNetwork
  /**
   * Does what a manifest has this machine compute, such as searching for its patterns, within the time
   * that the probes of a round have for that together; then the step is the abstention `overloaded`.
   *
   * @param work - short by itself: nothing interrupts it
   */
  compute<T>(work: () => T): Step<T>
  /** Marks what the probe is busy with; `latencyUs` is read from it. */
  readonly phases: PhaseTimer
  /**
   * Asks one of several things that are asked at once, with phases and connections of its own, which
   * end with it. Give it less than there is until the deadline, and the probe can go on without it.
   *
   * @param budgetMs - how long it may take; then it comes to what a whole probe would, such as `timeout`
   * @param ask - what it throws is the abstention `internal`
   * @returns never rejects
   */
  askPart<T>(budgetMs: number, ask: (part: ProbeContext) => Promise<Step<T>>): Promise<AskedPart<T>>
}

/** What a part of a probe came to, and where its time went. */
export interface AskedPart<T> {
  readonly step: Step<T>
  readonly phases: readonly Phase[]
}

/**
 * A kind of target: the plug-in that knows how to ask it.
 *
 * A kind holds no state between probes and keeps none of what it is given. It reports what went
 * wrong with the target as a value; whatever it throws counts as its own failure and becomes the
 * abstention `internal`. It must pass the compliance suite (`@watchfire/probes/compliance`).
 *
 * @typeParam S - schema of the parameters
 */
export interface ProbeKind<S extends TSchema = TSchema> {
  /** An identifier of at most 32 bytes: the target's `kind` in the manifest. */
  readonly kind: string
  /** One line for people. */
  readonly summary: string
  /** Schema of `params`; defaults in it are written out when a manifest is made. Integers only (SPEC 4.2). */
  readonly params: S
  /** What the schema cannot say. Given parameters that the schema accepts. */
  check?(params: Static<S>): readonly ParamsProblem[]
  /** What a target with these parameters yields. Everything that `probe` may return is listed. */
  signals(params: Static<S>): readonly KindSignal[]
  readonly identities: readonly KindIdentity[]
  /** Every outcome that `probe` may return. `timeout` is always among them: the scheduler gives it. */
  readonly outcomes: readonly OutcomeName[]
  /** The policy for a target whose manifest names none. */
  defaultPolicy(params: Static<S>, basis: PolicyBasis): PolicyFile
  probe(params: Static<S>, context: ProbeContext): Promise<ProbeAnswer>
}

/**
 * Names a kind with its parameters' type kept, for use with any other kind.
 *
 * @example
 * ```ts
 * export const ping = defineKind({ kind: 'ping', params: Type.Object({ host: Type.String() }), … })
 * ```
 */
export function defineKind<const S extends TSchema>(kind: ProbeKind<S>): ProbeKind<S> {
  return kind
}
