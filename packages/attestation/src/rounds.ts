import type { Round, UnixMs } from './brands.ts'
import type { Parameters } from './schema.ts'

// SPEC chapter 5.

/** The round at a time by the wall clock, or undefined before the network's origin. */
export function getRoundAt(parameters: Parameters, nowMs: UnixMs): Round | undefined {
  const { originRound, originMs, roundMs } = parameters
  if (nowMs < originMs) return undefined
  return (originRound + Math.floor((nowMs - originMs) / roundMs)) as Round
}

/** When a round begins (SPEC 5). */
export function getRoundStartMs(parameters: Parameters, round: Round): UnixMs {
  const { originRound, originMs, roundMs } = parameters
  return (originMs + (round - originRound) * roundMs) as UnixMs
}

/** The time after which what a certificate of `round` says is stale (SPEC 9.5). */
export function getValidUntilMs(parameters: Parameters, round: Round): UnixMs {
  const { roundMs, proposeAtMs, viewTimeoutMs } = parameters
  const nextStartMs = getRoundStartMs(parameters, (round + 1) as Round)
  return (nextStartMs + roundMs + proposeAtMs + viewTimeoutMs) as UnixMs
}
