import { getRoundStartMs, getValidUntilMs, toHex, type Round } from '@watchfire/attestation'
import type { FeedRecord, FeedSource } from '../feed-source.ts'
import type { Freshness } from './reading-schemas.ts'

/** The last moment that RFC 3339 has words for. */
const timeMsMax = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * RFC 3339 in UTC. What lies after the year 9999 reads as its last moment: rounds that a reader
 * asks for and times that a member names may be anything up to 2^53 − 1.
 */
export function formatTime(ms: number): string {
  return new Date(Math.min(ms, timeMsMax)).toISOString()
}

/** When a round began, as text; null for none. */
export function formatRoundStart(source: FeedSource, round: number): string {
  return formatTime(getRoundStartMs(source.context.parameters, round as Round))
}

/**
 * What every answer carries about the record it rests on, computed when it is asked (SPEC 9.5):
 * a reader that cannot compute can still see that the news is old, and whether more is coming.
 *
 * @param record what the answer rests on; undefined when nothing is certified
 * @param scope since when, and by how much weight, if not for the state as a whole
 */
export function getFreshness(
  source: FeedSource,
  record: FeedRecord | undefined,
  scope?: { since: number; observedWeight: number },
): Freshness {
  const status = source.status()
  const agreement: Freshness['agreement'] = {
    status: status.agreement,
    words: status.reason,
    weightHeard: status.heard.weight,
    quorum: status.heard.quorum,
    silent: [...status.heard.silent],
  }
  const network = toHex(source.networkId)
  if (record === undefined)
    return {
      network,
      height: null,
      round: null,
      roundStart: null,
      since: null,
      sinceStart: null,
      validUntil: null,
      stale: true,
      observed: null,
      agreement,
    }
  const { since, observedWeight } = scope ?? getStateScope(source, record)
  const validUntilMs = getValidUntilMs(source.context.parameters, record.round)
  return {
    network,
    height: record.height,
    round: record.round,
    roundStart: formatRoundStart(source, record.round),
    since,
    sinceStart: formatRoundStart(source, since),
    validUntil: formatTime(validUntilMs),
    stale: source.nowMs() > validUntilMs,
    observed: { weight: observedWeight, weightTotal: source.context.weightTotal },
    agreement,
  }
}

/** Of a whole state: the newest change of any verdict, and the least observing weight of any target. */
function getStateScope(
  source: FeedSource,
  record: FeedRecord,
): { since: number; observedWeight: number } {
  let since = source.context.parameters.originRound as number
  let observedWeight = record.state.targets.length === 0 ? 0 : source.context.weightTotal
  for (const target of record.state.targets) {
    since = Math.max(since, target.since)
    observedWeight = Math.min(observedWeight, target.reached + target.failed)
  }
  return { since, observedWeight }
}
