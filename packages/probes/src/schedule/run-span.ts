import type { Round, UnixMs } from '@watchfire/attestation'
import type { ProbeClock } from '../clock.ts'
import type { ProbeContext, ProbeKind, Step, Stop } from '../kind.ts'
import { makeProbeNetwork, type NetworkBasis } from '../net/probe-network.ts'
import { makePhaseTimer, type Phase, type PhaseTimer } from '../phase-timer.ts'
import { abstained, describeError, done, failed, stopped } from '../steps.ts'
import type { RoundBudget } from './budget.ts'

/** Time given to a probe, or to a part of one. */
export interface Span {
  readonly kind: ProbeKind
  readonly timeoutMs: number
  readonly round: Round
  readonly roundStartMs: UnixMs
  /** How long it may take, from now. */
  readonly budgetMs: number
  /** Whether that is all the time the target was promised. */
  readonly isFullBudget: boolean
}

/** What is asked in a span: what to ask, and how what ends it early is said. */
export interface SpanWork<T> {
  ask(context: ProbeContext): Promise<T>
  end(stop: Stop): T
}

/** What ends a span early. */
type Interruption = 'deadline' | 'stopping'

/** What a span came to, and what it was busy with. */
export interface SpanResult<T> {
  readonly value: T
  readonly phases: readonly Phase[]
}

/** A span under way. */
export interface RunningSpan<T> {
  /** Never rejects, and comes by the deadline whatever is asked. */
  readonly result: Promise<SpanResult<T>>
  /** Nobody waits for it any more: the result is the abstention `stopping`. */
  stop(): void
}

/** Made once: an error of its own for every probe would cost more than most of what a probe does. */
const ENDED = Object.assign(new Error('the probe has ended'), { name: 'AbortError' })

/**
 * A signal that is made when somebody asks for it. A class, because V8 keeps the accessors of an object
 * literal in old memory from the start: whatever a getter there can reach, which is all of a probe,
 * would outlive every collection of young memory.
 */
class LazySignal {
  readonly #get: () => AbortSignal

  constructor(get: () => AbortSignal) {
    this.#get = get
  }

  get signal(): AbortSignal {
    return this.#get()
  }
}

/** A timer that fires this much late says that our own process was held up, not the target. */
const LAG_MS_MAX = 250

/**
 * Asks under a deadline. What is thrown becomes the abstention `internal`; what ignores its signal is
 * left behind, and what it opened is closed, parts of it included.
 */
export function runSpan<T>(
  span: Span,
  basis: NetworkBasis & RoundBudget,
  clock: ProbeClock,
  work: SpanWork<T>,
): RunningSpan<T> {
  const { kind, budgetMs, isFullBudget } = span
  let isOver = false
  let controller: AbortController | undefined
  const phases = makePhaseTimer(() => clock.monotonicMs() * 1000)
  const startedMs = clock.monotonicMs()
  const { net, close } = makeProbeNetwork(basis, phases, getSignal)
  const parts = new Set<{ stop(): void }>()
  const { promise: result, resolve } = Promise.withResolvers<SpanResult<T>>()
  const cancelTimer = clock.setTimer(budgetMs, () => interrupt('deadline'))

  /** Made for whoever asks for it: most probes are ended by the sockets that they lose. */
  function getSignal(): AbortSignal {
    controller ??= new AbortController()
    if (isOver && !controller.signal.aborted) controller.abort(ENDED)
    return controller.signal
  }

  const context: ProbeContext = Object.assign(new LazySignal(getSignal), {
    deadlineMs: (clock.nowMs() + budgetMs) as UnixMs,
    timeoutMs: span.timeoutMs,
    round: span.round,
    roundStartMs: span.roundStartMs,
    nowMs: () => clock.nowMs(),
    net,
    phases,
    compute<V>(doIt: () => V): Step<V> {
      if (!basis.takeComputeMs(0)) {
        return stopped(abstained('overloaded', 'the time that a round has for patterns is used up'))
      }
      const beganMs = clock.monotonicMs()
      const value = doIt()
      basis.takeComputeMs(clock.monotonicMs() - beganMs)
      return done(value)
    },
    async askPart<V>(partMs: number, askIt: (part: ProbeContext) => Promise<Step<V>>) {
      const part = runSpan({ ...span, timeoutMs: partMs, budgetMs: partMs }, basis, clock, {
        ask: askIt,
        end: stopped,
      })
      parts.add(part)
      if (isOver) part.stop()
      const { value: step, phases: list } = await part.result
      parts.delete(part)
      return { step, phases: list }
    },
  })

  async function ask(): Promise<T> {
    try {
      return await work.ask(context)
    } catch (error) {
      const detail = `kind ${kind.kind} threw: ${describeError(error)}`
      return work.end(abstained('internal', detail))
    }
  }

  function interrupt(how: Interruption): void {
    if (!isOver) finish(work.end(judgeInterruption(how, phases)))
  }

  function finish(value: T): void {
    if (isOver) return
    isOver = true
    resolve({ value, phases: phases.list() })
    phases.end()
    cancelTimer()
    close()
    controller?.abort(ENDED)
    for (const part of parts) part.stop()
  }

  function judgeInterruption(interruption: Interruption, timer: PhaseTimer): Stop {
    if (interruption === 'stopping') return abstained('stopping', 'the node stops')
    const lateMs = clock.monotonicMs() - startedMs - budgetMs
    if (lateMs > LAG_MS_MAX) {
      return abstained('overloaded', `this process was held up for ${Math.round(lateMs)} ms`)
    }
    const phase = timer.current() ?? 'request'
    if (!isFullBudget) {
      return abstained('overloaded', `started late, and not done in ${budgetMs} ms (${phase})`)
    }
    // A name that nobody answers for is the fault of the name, not of the target behind it.
    return phase === 'dns' && kind.outcomes.includes('dns')
      ? failed('dns', `no answer in ${budgetMs} ms`)
      : failed('timeout', `no answer in ${budgetMs} ms (${phase})`)
  }

  void ask().then(finish)
  return { result, stop: () => interrupt('stopping') }
}
