import type { Round, Target, TargetIndex, UnixMs } from '@watchfire/attestation'
import { type ProbeClock, systemClock } from '../clock.ts'
import { makeAddressGuard } from '../net/address-guard.ts'
import { makeTrust } from '../net/authorities.ts'
import { makeResolve, type Resolve } from '../net/resolve.ts'
import type { KindRegistry } from '../registry.ts'
import { makeBudget } from './budget.ts'
import { prepareTarget, type Secrets } from './prepared-target.ts'
import { type ProbedTarget, runRound } from './run-round.ts'
import { makeSlots } from './slots.ts'

/** What {@link makeScheduler} needs. */
export interface SchedulerOptions {
  /** Targets of the epoch's parameters, in their order. */
  readonly targets: readonly Target[]
  /** Results are there before this time into the round (SPEC 5). */
  readonly attestByMs: number
  readonly registry: KindRegistry
  /** CIDR blocks of the operator's network that probes may ask. */
  readonly allow: readonly string[]
  /** Certificates in PEM that probes trust besides the public authorities. */
  readonly ca?: readonly string[]
  readonly secrets?: Secrets
  /** Probes at once. */
  readonly concurrency: number
  /** Bytes that the probes of one round may read together. */
  readonly bytesPerRoundMax?: number
  /** At least 0 and below 1, for the spread. */
  random(): number
  readonly clock?: ProbeClock
  readonly resolve?: Resolve
}

/** Asks every target once a round. */
export interface Scheduler {
  /**
   * @param signal - aborts when the node stops: what is not done yet abstains as `stopping`
   * @returns one result for each target, ascending, before `attestByMs`; never rejects
   */
  run(round: Round, roundStartMs: UnixMs, signal: AbortSignal): Promise<readonly ProbedTarget[]>
  /** Ends every round under way, as its signal would. */
  close(): void
}

/** Left between the last result and `attestByMs` for signing and flushing, as a part of it and at most. */
const MARGIN_PART = 10
const MARGIN_MS_MAX = 250

/**
 * Spreads the probes of a round over the time there is, with a deadline each.
 *
 * A target is asked for its `timeoutMs`, or as much of it as fits before `attestByMs`. Its start lies
 * in the first nine tenths of what is left then, drawn so that the load is even; the rest makes up for
 * a busy machine. One that finds no slot while half of its time is left, or is cut short after
 * starting late, abstains as `overloaded`.
 *
 * @throws RangeError, TypeError on options that no config check lets through
 */
export function makeScheduler(options: SchedulerOptions): Scheduler {
  const { attestByMs, registry } = options
  const clock = options.clock ?? systemClock
  const targets = options.targets.map((target, index) =>
    prepareTarget(target, index as TargetIndex, registry, options.secrets),
  )
  const guard = makeAddressGuard(options.allow)
  const trust = makeTrust(options.ca ?? [])
  const resolve = options.resolve ?? makeResolve()
  const slots = makeSlots(options.concurrency)
  const endMs = attestByMs - Math.min(MARGIN_MS_MAX, Math.ceil(attestByMs / MARGIN_PART))
  /** Targets that used up their time when last asked. */
  const slow = new Set<TargetIndex>()
  const stops = new Set<() => void>()

  async function run(
    round: Round,
    roundStartMs: UnixMs,
    signal: AbortSignal,
  ): Promise<readonly ProbedTarget[]> {
    const basis = { guard, resolve, trust, ...makeBudget(options.bytesPerRoundMax) }
    const random = () => options.random()
    const plan = { round, roundStartMs, endMs, targets, slots, slow, basis, clock, random }
    const { results, stop } = runRound(plan)
    stops.add(stop)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const probed = await results
    stops.delete(stop)
    signal.removeEventListener('abort', stop)
    return probed
  }

  return {
    run,
    close() {
      for (const stop of stops) stop()
    },
  }
}
