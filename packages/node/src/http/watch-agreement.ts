import {
  getEvidencePlace,
  getRoundStartMs,
  standings,
  viewGroups,
  viewProviders,
} from '@watchfire/attestation'
import type { FeedSource, NodeStatus } from '../feed-source.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { getVerdictName } from './target-reading.ts'

/** Counts each certificate as it comes in, and how long after its round began. */
export function watchAgreement(source: FeedSource, metrics: Metrics): () => void {
  return source.subscribe((record) => {
    metrics.add('rounds-certified')
    const startMs = getRoundStartMs(source.context.parameters, record.round)
    metrics.observe('agreement', Math.max(0, source.nowMs() - startMs))
  })
}

const verdictNames = ['none', 'up', 'degraded', 'disputed', 'down', 'unknown'] as const
const evidenceKinds = ['attestation', 'proposal', 'vote'] as const
const unwellCauses = ['clock', 'canaries', 'alone'] as const
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
  setHealthGauges(status, metrics)
  setStateGauges(source, metrics)
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

/** This node's own: what made it unwell, its canaries, how far its clock is off. */
function setHealthGauges(
  { selfHealth, clockOffsetMs, timeServer }: NodeStatus,
  metrics: Metrics,
): void {
  for (const cause of unwellCauses) metrics.set('unwell', selfHealth.cause === cause ? 1 : 0, cause)
  const { canaries } = selfHealth
  if (canaries !== undefined) {
    metrics.set('canaries', canaries.failed, 'failed')
    metrics.set('canaries', canaries.total - canaries.failed, 'open')
  }
  if (clockOffsetMs !== undefined) metrics.set('clock-offset', clockOffsetMs / 1000, 'committee')
  if (timeServer !== undefined)
    metrics.set('clock-offset', timeServer.offsetMs / 1000, 'time-servers')
}

/** What is certified: targets by verdict, groups by standing, and providers of which much is down at once. */
function setStateGauges(source: FeedSource, metrics: Metrics): void {
  const { context } = source
  const state = source.latest()?.state
  const counts = { none: 0, up: 0, degraded: 0, disputed: 0, down: 0, unknown: 0 }
  if (state === undefined) counts.none = context.targetIds.length
  for (const { verdict } of state?.targets ?? []) counts[getVerdictName(verdict)]++
  for (const verdict of verdictNames) metrics.set('targets', counts[verdict], verdict)
  const groups = state === undefined ? [] : viewGroups(context, state)
  for (const name of Object.keys(standings))
    metrics.set('groups', groups.filter(({ standing }) => standing === name).length, name)
  const providers = state === undefined ? [] : viewProviders(context, state)
  const incidents = providers.filter(({ incident }) => incident !== undefined)
  metrics.set('provider-incidents', incidents.length)
}
