import type { Manifest } from '@watchfire/attestation'

/** The times of a manifest that follow from the length of its rounds, in ms. */
export type RoundTimes = Pick<
  Manifest['parameters'],
  'roundMs' | 'attestByMs' | 'proposeAtMs' | 'viewTimeoutMs'
> & {
  /** For each probe. */
  readonly timeoutMs: number
}

/** Shortest round: below it the smallest view timeout that is admitted is no longer a part of it. */
export const ROUND_MS_MIN = 400
export const ROUND_MS_MAX = 86_400_000
const TIMEOUT_MS_MIN = 50

/**
 * Times in proportion to the round: half of it for probes, and the rest so that a round whose leader
 * is dead is still certified about when the next one begins.
 */
export function getRoundTimes(roundMs: number): RoundTimes {
  const part = (perMille: number) => Math.floor((roundMs * perMille) / 1000)
  return {
    roundMs,
    timeoutMs: Math.min(part(500), 10_000),
    attestByMs: part(600),
    proposeAtMs: part(700),
    viewTimeoutMs: Math.min(Math.max(part(250), TIMEOUT_MS_MIN), 5000),
  }
}
