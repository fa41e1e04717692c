import { checkAnswer } from '../answer.ts'
import type { ProbeClock } from '../clock.ts'
import type { ProbeAnswer, ProbeResult, Stop } from '../kind.ts'
import type { NetworkBasis } from '../net/probe-network.ts'
import { runSpan, type Span } from './run-span.ts'

/** One probe to be made. */
export interface ProbeTask extends Span {
  readonly params: object
}

/** A probe under way. */
export interface RunningProbe {
  /** Never rejects, and comes by the deadline whatever the kind does. */
  readonly result: Promise<ProbeResult>
  /** The node stops: the result is the abstention `stopping`. */
  stop(): void
}

/** Makes one probe under a deadline, and holds the kind to what it declared. */
export function runProbe(task: ProbeTask, basis: NetworkBasis, clock: ProbeClock): RunningProbe {
  const { kind, params } = task
  const span = runSpan<ProbeAnswer>(task, basis, clock, {
    ask: async (context) => checkAnswer(kind, params, await kind.probe(params, context)),
    end: (ended: Stop) => ended,
  })
  return {
    result: span.result.then(({ value, phases }) => ({ ...value, phases })),
    stop: () => span.stop(),
  }
}
