import type { ProbeContext, Step, Stop } from '../../kind.ts'
import { done } from '../../steps.ts'
import { type JsonRpc, missingAnswer, type RpcAnswer, type RpcCall } from './json-rpc.ts'

/** A call of several, with whether the probe can do without its answer. */
export interface ListedCall extends RpcCall {
  readonly optional?: true
}

/** What a server says of a request that it does not take, rather than of itself. */
const REFUSALS = new Set(['status', 'auth', 'protocol', 'too-large', 'redirect'])
/** One that is asked without a batch is asked what is optional in the first half of its time only. */
const OPTIONAL_PARTS = 2

/**
 * Makes calls in one request where the server takes batches, else one by one.
 *
 * @param batch - false for a server that is known to take none
 * @returns answers in the order of the calls. What stops the probe is what a call that is not
 * optional came to, or the loss of the connection
 */
export async function callAll(
  rpc: JsonRpc,
  calls: readonly ListedCall[],
  batch: boolean,
  context: Pick<ProbeContext, 'nowMs' | 'deadlineMs' | 'timeoutMs'>,
): Promise<Step<readonly RpcAnswer[]>> {
  if (batch) {
    const answered = await rpc.batch(calls)
    if (answered.ok && answered.value !== undefined) return done(answered.value)
    if (!answered.ok && !isRefusal(answered.stop)) return answered
  }
  const optionalUntilMs = context.deadlineMs - context.timeoutMs / OPTIONAL_PARTS
  const answers: RpcAnswer[] = []
  for (const { method, params, optional } of calls) {
    if (optional === true && context.nowMs() > optionalUntilMs) {
      answers.push(missingAnswer('not asked: time was short'))
      continue
    }
    const answered = await rpc.call(method, params)
    if (answered.ok) answers.push(answered.value)
    else if (optional === true && isRefusal(answered.stop)) {
      answers.push(missingAnswer(answered.stop.detail))
    } else return answered
  }
  return done(answers)
}

function isRefusal(stop: Stop): boolean {
  return stop.status === 'failed' && REFUSALS.has(stop.outcome)
}
