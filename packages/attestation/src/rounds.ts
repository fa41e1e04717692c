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

/**
 * Whether the times of a certificate of `round` are such as a clock can show (SPEC 9.2, 11): none
 * before 1970, none above 2^53 − 1. Doubles tell exactly: what is above stays above when rounded.
 */
export function areTimesSafe(parameters: Parameters, round: Round): boolean {
  return (
    getRoundStartMs(parameters, round) >= 0 &&
    Number.isSafeInteger(getValidUntilMs(parameters, round))
  )
}

/** The time after which what a certificate of `round` says is stale (SPEC 9.5). */
export function getValidUntilMs(parameters: Parameters, round: Round): UnixMs {
  const { roundMs, proposeAtMs, viewTimeoutMs } = parameters
  const nextStartMs = getRoundStartMs(parameters, (round + 1) as Round)
  return (nextStartMs + roundMs + proposeAtMs + viewTimeoutMs) as UnixMs
}
