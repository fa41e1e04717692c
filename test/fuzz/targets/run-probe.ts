import type { Round, UnixMs } from '@watchfire/attestation'
import {
  builtinKinds,
  done,
  makePhaseTimer,
  type ProbeContext,
  type ProbeKind,
} from '@watchfire/probes'
import { checkAnswer } from '../../../packages/probes/src/answer.ts'
import { abstentionCodes, outcomeCodes } from '../../../packages/probes/src/codes.ts'
import { check, type Outcome } from '../target.ts'

const roundStartMs = 1_763_683_260_000 as UnixMs
const DETAIL_CHARS_MAX = 301

/** What may come of a probe, whatever the target says: no fault of ours. */
export const probeCodes: readonly string[] = [
  ...Object.keys(outcomeCodes),
  ...Object.keys(abstentionCodes),
].filter((code) => code !== 'internal')

export function findKind(name: string): ProbeKind {
  const kind = builtinKinds.find((each) => each.kind === name)
  if (kind === undefined) throw new RangeError(`there is no kind ${name}`)
  return kind
}

/** Probes over a network of the target's making. */
export async function runProbe(
  kind: ProbeKind,
  params: object,
  net: Partial<ProbeContext['net']>,
): Promise<Outcome> {
  const controller = new AbortController()
  const context: ProbeContext = {
    signal: controller.signal,
    deadlineMs: (roundStartMs + 1000) as UnixMs,
    timeoutMs: 1000,
    round: 30 as Round,
    roundStartMs,
    nowMs: () => roundStartMs,
    net: {
      connect: () => Promise.reject(new Error('no target is connected to')),
      secure: () => Promise.reject(new Error('no target is secured')),
      readChain: () => {
        throw new Error('no target is secured')
      },
      ask: () => Promise.reject(new Error('no target is asked by datagrams')),
      ping: () => Promise.reject(new Error('no target is pinged')),
      countBytes: () => done(undefined),
      authorize: (_url, sent) => sent,
      ...net,
    },
    compute: (work) => done(work()),
    phases: makePhaseTimer(() => 0),
    async askPart(_budgetMs, ask) {
      const phases = makePhaseTimer(() => 0)
      return { step: await ask({ ...context, phases }), phases: phases.list() }
    },
  }
  const probed = await kind.probe(params as never, context)
  controller.abort()
  const answer = checkAnswer(kind, params, probed)
  if (answer.status === 'reached') {
    const signals = Object.entries(answer.signals).map(([name, value]) => `${name}=${value}`)
    return { code: 'accepted', trace: `${kind.kind} ${signals.join()}` }
  }
  const code = answer.status === 'failed' ? answer.outcome : answer.reason
  check(code !== 'internal', `${kind.kind} abstained over what a target said: ${answer.detail}`)
  check(answer.detail.length <= DETAIL_CHARS_MAX, 'a detail without bound')
  return { code, trace: `${kind.kind} ${answer.detail}` }
}
