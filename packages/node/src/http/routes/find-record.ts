import { getRoundAt, getRoundStartMs, type Height, type Round } from '@watchfire/attestation'
import type { FeedAnswer, FeedRecord, FeedSource } from '../../feed-source.ts'
import { formatTime } from '../freshness.ts'
import { HttpProblem } from '../problem.ts'

/** The newest record, or the problem that there is none yet, with what agreement waits for. */
export function getLatest(source: FeedSource): FeedRecord {
  const record = source.latest()
  if (record !== undefined) return record
  const { agreement, reason } = source.status()
  throw new HttpProblem('no-certificate-yet', reason, { agreement })
}

/** @throws HttpProblem where this node has no such height */
export function getAtHeight(source: FeedSource, height: number): FeedRecord {
  const answer = source.atHeight(height as Height)
  if (answer.ok) return answer.record
  throw toProblem(source, answer, undefined)
}

/** @throws HttpProblem `round-not-due`, `round-pending`, `gap` or `not-kept`: four different things */
export function getAtRound(source: FeedSource, round: number): FeedRecord {
  const answer = source.atRound(round as Round)
  if (answer.ok) return answer.record
  throw toProblem(source, answer, round)
}

/** Why a record is not there, said so that a reader knows whether to come back. */
export function toProblem(
  source: FeedSource,
  answer: Extract<FeedAnswer, { ok: false }>,
  round: number | undefined,
): HttpProblem {
  const { parameters } = source.context
  if (answer.code === 'gap') return new HttpProblem('gap', answer.detail, { round })
  if (answer.code === 'unknown' && round !== undefined && round < parameters.originRound)
    return new HttpProblem('no-such-round', `The first round is ${parameters.originRound}.`)
  if (answer.code !== 'not-yet') return new HttpProblem('not-kept', answer.detail)

  const { agreement, reason } = source.status()
  if (round === undefined)
    return new HttpProblem('height-pending', answer.detail, { agreement, reason })
  const clockRound = getRoundAt(parameters, source.nowMs())
  if (clockRound === undefined || round > clockRound) {
    const dueAt = formatTime(getRoundStartMs(parameters, round as Round))
    return new HttpProblem('round-not-due', `It begins at ${dueAt}.`, { round, dueAt })
  }
  return new HttpProblem('round-pending', answer.detail, { round, agreement, reason })
}
