import { getEvidencePlace, getRoundStartMs } from '@watchfire/attestation'
import type { FeedSource } from '../feed-source.ts'
import type { Metrics } from '../metrics/metrics.ts'

/** Counts each certificate as it comes in, and how long after its round began. */
export function watchAgreement(source: FeedSource, metrics: Metrics): () => void {
  return source.subscribe((record) => {
    metrics.add('rounds-certified')
    const startMs = getRoundStartMs(source.context.parameters, record.round)
    metrics.observe('agreement', Math.max(0, source.nowMs() - startMs))
  })
}

const evidenceKinds = ['attestation', 'proposal', 'vote'] as const
const agreementStates = ['ok', 'waiting', 'stalled', 'halted'] as const

/** Writes what the node's status says as gauges; called when somebody reads the metrics. */
export function setStatusGauges(source: FeedSource, metrics: Metrics): void {
  const status = source.status()
  metrics.set('height', status.finalHeight)
  metrics.set('round', status.finalRound)
  metrics.set('view', status.view)
  metrics.set('peers', source.peers().length)
  metrics.set('members-heard', status.heard.members)
  metrics.set('weight-heard', status.heard.weight)
  metrics.set('quorum', status.heard.quorum)
  metrics.set('ready', status.ready ? 1 : 0)
  metrics.set('members-excluded', source.latest()?.state.meta.excluded.length ?? 0)
  const kinds = source.evidence().map(({ evidence }) => getEvidencePlace(evidence).kind)
  for (const kind of evidenceKinds)
    metrics.set('evidence', kinds.filter((each) => each === kind).length, kind)
  const { validUntilMs } = status
  if (validUntilMs !== undefined) {
    const startMs = getRoundStartMs(source.context.parameters, status.finalRound)
    metrics.set('certified-at', startMs / 1000)
    metrics.set('valid-until', validUntilMs / 1000)
  }
  metrics.set('stale', validUntilMs === undefined || source.nowMs() > validUntilMs ? 1 : 0)
  for (const state of agreementStates)
    metrics.set('agreement', status.agreement === state ? 1 : 0, state)
}
