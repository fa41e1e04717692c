import { checkAnswer } from '../answer.ts'
import type { ProbeClock } from '../clock.ts'
import type { ProbeAnswer, ProbeResult, Stop } from '../kind.ts'
import type { Credentials } from '../net/credentials.ts'
import type { NetworkBasis } from '../net/probe-network.ts'
import { abstained } from '../steps.ts'
import type { RoundBudget } from './budget.ts'
import { runSpan, type Span } from './run-span.ts'

/** One probe to be made. */
export interface ProbeTask extends Span {
  readonly params: object
  /** What the operator has bound to the target. */
  readonly credentials?: Credentials | undefined
}

/** A probe under way. */
export interface RunningProbe {
  /** Never rejects, and comes by the deadline whatever the kind does. */
  readonly result: Promise<ProbeResult>
  /** The node stops: the result is the abstention `stopping`. */
  stop(): void
}

/** Makes one probe under a deadline, and holds the kind to what it declared. */
export function runProbe(
  task: ProbeTask,
  basis: NetworkBasis & RoundBudget,
  clock: ProbeClock,
): RunningProbe {
  const { kind, params, credentials } = task
  const span = runSpan<ProbeAnswer>(task, { ...basis, credentials }, clock, {
    ask: async (context) => checkAnswer(kind, params, await kind.probe(params, context)),
    end: (ended: Stop) => ended,
  })
  return {
    result: span.result.then(({ value, phases }) => ({ ...settle(value, credentials), phases })),
    stop: () => span.stop(),
  }
}

/**
 * A server that does not take what was bound says so of this operator, not of itself. And whatever it
 * repeated of that, no detail does.
 */
function settle(answer: ProbeAnswer, credentials: Credentials | undefined): ProbeAnswer {
  if (credentials === undefined || answer.status === 'reached') return answer
  const detail = credentials.redact(answer.detail)
  return answer.status === 'failed' && answer.outcome === 'auth'
    ? abstained('no-secret', `what is bound to the target is not taken there: ${detail}`)
    : { ...answer, detail }
}
