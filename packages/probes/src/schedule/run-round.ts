import type { Round, TargetIndex, UnixMs } from '@watchfire/attestation'
import type { ProbeClock } from '../clock.ts'
import type { Abstained, ProbeResult } from '../kind.ts'
import type { NetworkBasis } from '../net/probe-network.ts'
import { abstained } from '../steps.ts'
import type { RoundBudget } from './budget.ts'
import type { PreparedTarget } from './prepared-target.ts'
import { type RunningProbe, runProbe } from './run-probe.ts'
import type { Slots } from './slots.ts'
import { drawStarts } from './spread.ts'
import { beginInTurn } from './start-queue.ts'

/** What a round's probe of one target came to. */
export interface ProbedTarget {
  readonly target: TargetIndex
  readonly result: ProbeResult
  /** Absent of a target that was not asked. */
  readonly start?: ProbeStart
}

/** When a target was to be asked, and when it was, in milliseconds into the round. */
export interface ProbeStart {
  readonly plannedMs: number
  readonly begunMs: number
}

/** A round of probes to be made, and what it shares with others. */
export interface RoundPlan {
  readonly round: Round
  readonly roundStartMs: UnixMs
  /** Into the round: no probe goes on after it. */
  readonly endMs: number
  readonly targets: readonly PreparedTarget[]
  readonly slots: Slots
  /** Targets that used up their time when last asked; kept here. */
  readonly slow: Set<TargetIndex>
  readonly basis: NetworkBasis & RoundBudget
  readonly clock: ProbeClock
  readonly random: () => number
}

/** A round under way. */
export interface RunningRound {
  /** One for each target, in their order; never rejects. */
  readonly results: Promise<readonly ProbedTarget[]>
  /** What is not done yet abstains as `stopping`. */
  readonly stop: () => void
}

/** A target that can be asked. */
type Askable = PreparedTarget & { readonly ok: true }

/** Where the probe of a target stands. */
interface Turn {
  readonly target: Askable
  /** What it is asked for, if it begins in time. */
  readonly fullMs: number
  readonly plannedMs: number
  begunMs?: number
  /** While it runs, and no longer: a probe that is done leaves nothing but its result. */
  probe: RunningProbe | undefined
  giveBack?: () => void
  isDone: boolean
}

/** A probe begun this small a part late still had its full time: a timer is never on the dot. */
const FULL_PARTS = 10
/** A timer may fire this much before its time. */
const TIMER_EARLY_MS = 1

/**
 * Asks every target once. The wall clock is read once, when the round begins: whoever sets it in the
 * middle moves no probe.
 */
export function runRound(plan: RoundPlan): RunningRound {
  const { round, roundStartMs, endMs, targets, slots, slow, basis, clock } = plan
  const originMs = clock.monotonicMs() - Math.max(0, clock.nowMs() - roundStartMs)
  const getElapsedMs = () => clock.monotonicMs() - originMs
  const probed: ProbedTarget[] = targets.map((target) => ({
    target: target.index,
    result: target.ok ? unasked : { ...target.stop, phases: [] },
  }))
  const turns = planTurns(targets.filter(isAskable), endMs, plan.random)
  const { promise: results, resolve: finish } = Promise.withResolvers<readonly ProbedTarget[]>()
  let left = turns.length

  const cancelEnd = clock.setTimer(Math.max(0, Math.ceil(endMs - getElapsedMs())), () =>
    giveUpWaiting(abstained('overloaded', 'no slot before the round’s results were due')),
  )
  const cancelStarts = beginInTurn(
    turns.map((turn) => ({ atMs: originMs + turn.plannedMs, begin: () => queueUp(turn) })),
    clock,
  )
  if (left === 0) end()

  function settle(turn: Turn, result: ProbeResult): void {
    if (turn.isDone) return
    turn.isDone = true
    turn.giveBack?.()
    const { plannedMs, begunMs } = turn
    const { index } = turn.target
    const start = begunMs === undefined ? {} : { start: { plannedMs, begunMs } }
    probed[index] = { target: index, result, ...start }
    left--
    if (left === 0) end()
  }

  function end(): void {
    cancelEnd()
    cancelStarts()
    finish(probed)
  }

  function giveUp(turn: Turn, why: Abstained): void {
    settle(turn, { ...why, phases: [] })
  }

  /** Those that have begun end by their own deadline, which is not after the round's. */
  function giveUpWaiting(why: Abstained): void {
    cancelStarts()
    for (const turn of turns) if (turn.begunMs === undefined) giveUp(turn, why)
  }

  function queueUp(turn: Turn): void {
    const lane = slow.has(turn.target.index) ? 'slow' : 'quick'
    const giveBack = slots.take(lane, () => begin(turn))
    // It may have begun, and even have been given up, before it had what it gives back.
    if (turn.isDone) giveBack()
    else turn.giveBack = giveBack
  }

  function begin(turn: Turn): void {
    const { fullMs } = turn
    const { index, kind, params, credentials, timeoutMs } = turn.target
    const begunMs = getElapsedMs()
    const budgetMs = Math.min(fullMs, Math.floor(endMs - begunMs))
    if (budgetMs * 2 < fullMs) {
      const leftMs = Math.max(0, budgetMs)
      giveUp(turn, abstained('overloaded', `only ${leftMs} of ${fullMs} ms were left`))
      return
    }
    turn.begunMs = begunMs
    const isFullBudget = budgetMs * FULL_PARTS >= fullMs * (FULL_PARTS - 1)
    const timing = { timeoutMs, round, roundStartMs, budgetMs, isFullBudget }
    const probe = runProbe({ kind, params, credentials, ...timing }, basis, clock)
    turn.probe = probe
    void probe.result.then((result) => {
      turn.probe = undefined
      if (getElapsedMs() - begunMs >= budgetMs - TIMER_EARLY_MS) slow.add(index)
      else slow.delete(index)
      settle(turn, result)
    })
  }

  return {
    results,
    stop() {
      giveUpWaiting(abstained('stopping', 'the node stops'))
      for (const turn of turns) turn.probe?.stop()
    },
  }
}

function isAskable(target: PreparedTarget): target is Askable {
  return target.ok
}

function planTurns(targets: readonly Askable[], endMs: number, random: () => number): Turn[] {
  const fullsMs = targets.map(({ timeoutMs }) => Math.min(timeoutMs, endMs))
  const starts = drawStarts(
    fullsMs.map((fullMs) => endMs - fullMs),
    random,
  )
  return targets.map((target, place) => ({
    target,
    fullMs: fullsMs[place] ?? 0,
    plannedMs: starts[place] ?? 0,
    probe: undefined,
    isDone: false,
  }))
}

/** Replaced before the round ends. */
const unasked: ProbeResult = { ...abstained('internal', 'not asked'), phases: [] }
