import { type EpochContext, toText } from '@watchfire/attestation'
import type { ProbedTarget } from '@watchfire/probes'
import type { Meter } from '../ports.ts'

/** Counts what the probes of a round came to: outcomes and durations by kind. */
export function makeProbeRecorder(
  context: EpochContext,
  meter: Meter,
): (round: number, results: readonly ProbedTarget[]) => void {
  const kinds = context.parameters.targets.map((target) => toText(target.kind))
  return (_round, results) => {
    for (const { target, result } of results) {
      const kind = kinds[target] ?? 'unknown'
      meter.add('probes', `${kind}/${getOutcome(result)}`)
      const us = result.phases.reduce((sum, phase) => sum + phase.us, 0)
      // What was never begun took no time, and would make the target look quick.
      if (result.phases.length > 0) meter.observe('probe', us / 1000, kind)
    }
  }
}

function getOutcome(result: ProbedTarget['result']): string {
  if (result.status === 'reached') return 'reached'
  return result.status === 'failed' ? result.outcome : `abstained-${result.reason}`
}
