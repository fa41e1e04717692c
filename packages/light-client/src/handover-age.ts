import {
  type EpochContext,
  type Failure,
  fail,
  getRoundStartMs,
  type UnixMs,
} from '@watchfire/attestation'
import type { VerifiedState } from './verified-state.ts'

/** How long what a reader trusts may be used to follow hand-overs: 180 days, in ms. */
export const handoverAgeMsMaxDefault = 180 * 24 * 3600 * 1000

/**
 * Refuses to follow hand-overs from a committee that was last known to count too long ago: its keys
 * may have been given away since, and could sign another successor with whatever round they like, so
 * the age is that of what is trusted, not of what the hand-over claims (SPEC 9.5).
 *
 * @param held the newest state verified or given as checkpoint; undefined: only the manifest
 * @returns the refusal; undefined where no hand-over has to be followed, or in time
 */
export function checkHandoverAge(
  state: VerifiedState,
  held: VerifiedState | undefined,
  genesis: EpochContext,
  nowMs: UnixMs,
  ageMsMax: number,
): Failure<'old-handover'> | undefined {
  const trusted = held?.context ?? genesis
  if (state.context.epoch <= trusted.epoch) return undefined
  const { parameters } = trusted
  const trustedMs = getRoundStartMs(parameters, held?.round ?? parameters.originRound)
  if (nowMs - trustedMs <= ageMsMax) return undefined
  const days = Math.floor((nowMs - trustedMs) / 86_400_000)
  return fail(
    'old-handover',
    `epoch ${state.context.epoch} is reached from what was trusted ${days} days ago: pin a newer checkpoint`,
  )
}
