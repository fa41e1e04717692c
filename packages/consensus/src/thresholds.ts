import { type Policy, type TargetState, thresholdOps, toSigned } from '@watchfire/attestation'

// The thresholds of SPEC 7.7, each with its band: passed at its bound, left only at `clear`.

/** A bit for each threshold of a policy, by index: there are at most 16. */
export interface ThresholdBits {
  /** Those that passed their bound and have not come back to `clear`; kept in the state. */
  readonly crossed: number
  /** Those of them whose value is agreed on in this block. */
  readonly holding: number
}

/**
 * What a block's agreed values make of a policy's thresholds (SPEC 7.7).
 *
 * @param before `crossed` of the target in the parent's state; 0 after a gap
 * @param signals the target's agreed signals
 * @param getHead the agreed head of the target's group for a signal's index, as a signed number
 */
export function compareThresholds(
  policy: Policy,
  before: number,
  signals: TargetState['signals'],
  getHead: (signal: number) => bigint | undefined,
): ThresholdBits {
  let crossed = 0
  let holding = 0
  for (const [index, { signal, op, value, clear }] of policy.thresholds.entries()) {
    const bit = 1 << index
    const measured = getMeasured(op, signal, signals, getHead)
    if (measured === undefined) {
      crossed |= before & bit
      continue
    }
    const edge = toSigned((before & bit) === 0 ? value : clear)
    if (op === thresholdOps.below ? measured >= edge : measured <= edge) continue
    crossed |= bit
    holding |= bit
  }
  return { crossed, holding }
}

/** @param bits as of {@link ThresholdBits} */
export function hasBit(bits: number, index: number): boolean {
  return (bits & (1 << index)) !== 0
}

/** What is held against the bound: the agreed value, or what it lags behind its group's head. */
function getMeasured(
  op: number,
  signal: number,
  signals: TargetState['signals'],
  getHead: (signal: number) => bigint | undefined,
): bigint | undefined {
  const agreed = signals.find(({ index }) => index === signal)
  if (agreed === undefined) return undefined
  const value = toSigned(agreed.value)
  if (op !== thresholdOps.lag) return value
  const head = getHead(signal)
  return head === undefined ? undefined : head - value
}
