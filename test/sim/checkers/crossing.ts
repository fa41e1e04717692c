import type { Observation, Target, TargetState, Threshold } from '@watchfire/attestation'

const [REACHED, BELOW, LAG] = [1, 2, 3]

/** What of an honest member's words a threshold is held against. */
export interface Said {
  readonly said: Observation
}

/** Each honest member's highest value for a signal's name over its group. */
export type GetHeads = (signal: number) => readonly bigint[]

/**
 * Thresholds pass their bound, and come back, only where some honest observer saw that (SPEC 7.7).
 *
 * @param before `crossed` in the parent's state, where that is of the same epoch and not too old
 */
export function checkCrossed(
  { policy }: Target,
  before: number,
  agreed: TargetState,
  heard: readonly Said[],
  getHeads: GetHeads,
  say: (fault: string) => void,
): void {
  for (const [index, threshold] of policy.thresholds.entries()) {
    const bit = 2 ** index
    const [was, is] = [before, agreed.crossed].map((bits) => Math.floor(bits / bit) % 2 === 1)
    if (was === is) continue
    const bound = is === true ? threshold.value : threshold.clear
    const isSeen = isAnySeen(threshold, bound, is === true, heard, getHeads)
    if (!isSeen)
      say(`threshold ${index} is ${is ? '' : 'not '}crossed, which no honest observer saw`)
  }
}

/** Whether some honest observer saw a value beyond a bound, or else at or within it. */
export function isAnySeen(
  { signal, op }: Threshold,
  bound: bigint,
  isBeyond: boolean,
  heard: readonly Said[],
  getHeads: GetHeads,
): boolean {
  const edge = BigInt.asIntN(64, bound)
  const values = heard
    .filter(({ said }) => said.status === REACHED)
    .flatMap(({ said }) => said.signals.filter(({ index }) => index === signal))
    .map(({ value }) => BigInt.asIntN(64, value))
  const compared =
    op === LAG ? getHeads(signal).flatMap((head) => values.map((value) => head - value)) : values
  return compared.some((value) => (op === BELOW ? value < edge : value > edge) === isBeyond)
}
