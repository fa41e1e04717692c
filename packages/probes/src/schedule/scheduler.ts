import type { Round, Target, TargetIndex, UnixMs } from '@watchfire/attestation'
import { type ProbeClock, systemClock } from '../clock.ts'
import type { ProbeResult, Stop } from '../kind.ts'
import { makeAddressGuard } from '../net/address-guard.ts'
import { makeTrust } from '../net/authorities.ts'
import { makeResolve, type Resolve } from '../net/resolve.ts'
import type { KindRegistry } from '../registry.ts'
import { abstained } from '../steps.ts'
import { makeBudget } from './budget.ts'
import { type PreparedTarget, prepareTarget, type Secrets } from './prepared-target.ts'
import { runProbe } from './run-probe.ts'
import { type Lane, makeSlots } from './slots.ts'

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
  /** At least 0 and below 1, for the jitter. */
  random(): number
  readonly clock?: ProbeClock
  readonly resolve?: Resolve
}

/** What a round's probe of one target came to. */
export interface ProbedTarget {
  readonly target: TargetIndex
  readonly result: ProbeResult
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
/** A probe begun this small a part late still had its full time: a timer is never on the dot. */
const FULL_PARTS = 10
/** A timer may fire this much before its time. */
const TIMER_EARLY_MS = 1

/**
 * Spreads the probes of a round over the time there is, with a deadline each.
 *
 * A target is asked for its `timeoutMs`, or as much of it as fits before `attestByMs`. Its start is
 * drawn at random from the first half of what is left then, so that a committee does not hit a target
 * at one instant; the other half makes up for a busy machine. One that finds no slot while half of
 * its time is left, or is cut short after starting late, abstains as `overloaded`.
 *
 * @throws RangeError, TypeError on options that no config check lets through
 */
export function makeScheduler(options: SchedulerOptions): Scheduler {
  const { attestByMs, registry } = options
  const clock = options.clock ?? systemClock
  const prepared = options.targets.map((target, index) =>
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

  function run(
    round: Round,
    roundStartMs: UnixMs,
    signal: AbortSignal,
  ): Promise<readonly ProbedTarget[]> {
    const results = new Map<TargetIndex, ProbeResult>()
    const pending = new Map<TargetIndex, (stop: Stop) => void>()
    const { promise, resolve: finish } = Promise.withResolvers<readonly ProbedTarget[]>()
    const basis = { guard, resolve, trust, ...makeBudget(options.bytesPerRoundMax) }

    function settle(target: TargetIndex, result: ProbeResult): void {
      if (results.has(target)) return
      results.set(target, result)
      pending.delete(target)
      if (results.size < prepared.length) return
      cleanUp()
      finish(prepared.map(({ index }) => ({ target: index, result: getResult(index) })))
    }

    function getResult(index: TargetIndex): ProbeResult {
      const result = results.get(index)
      if (result === undefined) throw new Error(`target ${index} has no result`)
      return result
    }

    function stop(): void {
      for (const end of pending.values()) end(abstained('stopping', 'the node stops'))
    }

    const cancelEnd = clock.setTimer(Math.max(0, roundStartMs + endMs - clock.nowMs()), () => {
      const late = abstained('overloaded', 'no slot before the round’s results were due')
      for (const end of pending.values()) end(late)
    })

    function cleanUp(): void {
      cancelEnd()
      stops.delete(stop)
      signal.removeEventListener('abort', stop)
    }

    /** Waits for its start and a slot, then asks. */
    function schedule(target: PreparedTarget & { ok: true }): void {
      const { index, kind, params, timeoutMs, credentials } = target
      const fullMs = Math.min(timeoutMs, endMs)
      const startMs = roundStartMs + Math.floor((options.random() * (endMs - fullMs)) / 2)
      const lane: Lane = slow.has(index) ? 'slow' : 'quick'
      let giveBack: (() => void) | undefined
      const cancelStart = clock.setTimer(Math.max(0, startMs - clock.nowMs()), () => {
        giveBack = slots.take(lane, begin)
      })
      const giveUp = (stopped: Stop) => {
        cancelStart()
        giveBack?.()
        settle(index, { ...stopped, phases: [] })
      }
      pending.set(index, giveUp)

      function begin(): void {
        const budgetMs = Math.min(fullMs, roundStartMs + endMs - clock.nowMs())
        if (budgetMs * 2 < fullMs) {
          queueMicrotask(() =>
            giveUp(abstained('overloaded', `only ${budgetMs} of ${fullMs} ms were left`)),
          )
          return
        }
        const isFullBudget = budgetMs * FULL_PARTS >= fullMs * (FULL_PARTS - 1)
        const timing = { timeoutMs, round, roundStartMs, budgetMs, isFullBudget }
        const task = { kind, params, credentials, ...timing }
        const beganMs = clock.monotonicMs()
        const probe = runProbe(task, basis, clock)
        // From here on the probe's own deadline counts, which is not after the round's.
        pending.set(index, (stopped) => {
          if (stopped.status === 'abstained' && stopped.reason === 'stopping') probe.stop()
        })
        void probe.result.then((result) => {
          if (clock.monotonicMs() - beganMs >= budgetMs - TIMER_EARLY_MS) slow.add(index)
          else slow.delete(index)
          giveBack?.()
          settle(index, result)
        })
      }
    }

    stops.add(stop)
    signal.addEventListener('abort', stop, { once: true })
    for (const target of prepared) {
      if (target.ok) schedule(target)
      else settle(target.index, { ...target.stop, phases: [] })
    }
    if (prepared.length === 0) {
      cleanUp()
      finish([])
    }
    if (signal.aborted) stop()
    return promise
  }

  return {
    run,
    close() {
      for (const stop of stops) stop()
    },
  }
}
