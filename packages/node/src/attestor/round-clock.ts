import {
  getRoundAt,
  getRoundStartMs,
  type Parameters,
  type Round,
  type UnixMs,
} from '@watchfire/attestation'
import type { Clock } from '../ports.ts'

/** No timer sleeps longer, so that a clock that is set, or a machine that slept, is noticed. */
const sleepMsMax = 1000

/**
 * Calls `onRound` once for each round that the wall clock enters, as it enters it (SPEC 5). Rounds the
 * clock jumped over are left out; a clock set back enters a round again.
 *
 * @returns ends it
 */
export function startRoundClock(
  parameters: Parameters,
  clock: Clock,
  onRound: (round: Round, startMs: UnixMs) => void,
): () => void {
  let current: Round | undefined
  let cancel: () => void = () => undefined
  function turn(): void {
    const nowMs = clock.nowMs()
    const round = getRoundAt(parameters, nowMs)
    const nextMs =
      round === undefined ? parameters.originMs : getRoundStartMs(parameters, (round + 1) as Round)
    cancel = clock.setTimer(Math.min(Math.max(1, nextMs - nowMs), sleepMsMax), turn)
    if (round === undefined || round === current) return
    current = round
    onRound(round, getRoundStartMs(parameters, round))
  }
  turn()
  return () => cancel()
}
