import type { Round, UnixMs } from '@watchfire/attestation'
import { checkAnswer } from '../answer.ts'
import type { ProbeClock } from '../clock.ts'
import type { ProbeAnswer, ProbeKind, ProbeResult, Stop } from '../kind.ts'
import { makeProbeNetwork, type NetworkBasis } from '../net/probe-network.ts'
import { makePhaseTimer, type PhaseTimer } from '../phase-timer.ts'
import { abstained, describeError, failed } from '../steps.ts'

/** One probe to be made. */
export interface ProbeTask {
  readonly kind: ProbeKind
  readonly params: object
  readonly timeoutMs: number
  readonly round: Round
  readonly roundStartMs: UnixMs
  /** How long it may take, from now. */
  readonly budgetMs: number
  /** Whether that is all the time the target was promised. */
  readonly isFullBudget: boolean
}

/** What ends a probe early. */
type Interruption = 'deadline' | 'stopping'

/** A probe under way. */
export interface RunningProbe {
  /** Never rejects, and comes by the deadline whatever the kind does. */
  readonly result: Promise<ProbeResult>
  /** The node stops: the result is the abstention `stopping`. */
  stop(): void
}

/** A timer that fires this much late says that our own process was held up, not the target. */
const LAG_MS_MAX = 250

/**
 * Makes one probe under a deadline. An error the kind throws becomes the abstention `internal`; a
 * kind that ignores its signal is left behind, and what it opened is closed.
 */
export function runProbe(task: ProbeTask, basis: NetworkBasis, clock: ProbeClock): RunningProbe {
  const controller = new AbortController()
  const phases = makePhaseTimer(() => clock.monotonicMs() * 1000)
  const startedMs = clock.monotonicMs()
  const { net, close } = makeProbeNetwork(basis, phases, controller.signal)
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<Interruption>()
  const cancelTimer = clock.setTimer(task.budgetMs, () => interrupt('deadline'))

  async function ask(): Promise<ProbeAnswer> {
    try {
      const answer = await task.kind.probe(task.params, {
        signal: controller.signal,
        deadlineMs: (clock.nowMs() + task.budgetMs) as UnixMs,
        timeoutMs: task.timeoutMs,
        round: task.round,
        roundStartMs: task.roundStartMs,
        nowMs: () => clock.nowMs(),
        net,
        phases,
      })
      return checkAnswer(task.kind, task.params, answer)
    } catch (error) {
      return abstained('internal', `kind ${task.kind.kind} threw: ${describeError(error)}`)
    }
  }

  async function getResult(): Promise<ProbeResult> {
    const first = await Promise.race([ask(), interrupted])
    const answer = typeof first === 'string' ? judgeInterruption(first, phases) : first
    const list = phases.list()
    phases.end()
    cancelTimer()
    close()
    controller.abort()
    return { ...answer, phases: list }
  }

  function judgeInterruption(interruption: Interruption, timer: PhaseTimer): Stop {
    if (interruption === 'stopping') return abstained('stopping', 'the node stops')
    const lateMs = clock.monotonicMs() - startedMs - task.budgetMs
    if (lateMs > LAG_MS_MAX) {
      return abstained('overloaded', `this process was held up for ${Math.round(lateMs)} ms`)
    }
    const phase = timer.current() ?? 'request'
    if (!task.isFullBudget) {
      return abstained('overloaded', `started late, and not done in ${task.budgetMs} ms (${phase})`)
    }
    // A name that nobody answers for is the fault of the name, not of the target behind it.
    return phase === 'dns' && task.kind.outcomes.includes('dns')
      ? failed('dns', `no answer in ${task.budgetMs} ms`)
      : failed('timeout', `no answer in ${task.budgetMs} ms (${phase})`)
  }

  return { result: getResult(), stop: () => interrupt('stopping') }
}
