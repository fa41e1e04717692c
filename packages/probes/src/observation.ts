import type { Observation, Target, TargetIndex } from '@watchfire/attestation'
import { abstentionCodes, outcomeCodes, referenceCodes, statusCodes } from './codes.ts'
import type { ProbeAnswer } from './kind.ts'

/**
 * What a monitor signs of a probe's result (SPEC 3): numbers and bytes in the order that the target
 * names them. Details and phases stay behind.
 */
export function toObservation(
  target: Target,
  index: TargetIndex,
  result: ProbeAnswer,
): Observation {
  const none = { referenceKind: referenceCodes.none, reference: 0, signals: [], identities: [] }
  switch (result.status) {
    case 'failed':
      return {
        target: index,
        status: statusCodes.failed,
        code: outcomeCodes[result.outcome],
        ...none,
      }
    case 'abstained':
      return {
        target: index,
        status: statusCodes.abstained,
        code: abstentionCodes[result.reason],
        ...none,
      }
    case 'reached':
      return {
        target: index,
        status: statusCodes.reached,
        code: 0,
        referenceKind: referenceCodes[result.reference?.kind ?? 'none'],
        reference: result.reference?.value ?? 0,
        signals: pick(target.signals, result.signals).map(({ index: at, value }) => ({
          index: at,
          // A signed value travels as its two's complement (SPEC 1).
          value: BigInt.asUintN(64, value),
        })),
        identities: pick(target.identities, result.identities),
      }
    default:
      throw new TypeError('a result of no known status')
  }
}

/** The values that the target names, by their index there, ascending. */
function pick<T>(
  definitions: readonly { name: Uint8Array }[],
  values: Readonly<Record<string, T>>,
): { index: number; value: T }[] {
  return definitions.flatMap(({ name }, index) => {
    const value = values[decodeName(name)]
    return value === undefined ? [] : [{ index, value }]
  })
}

/** A name of the wire; identifiers are ASCII (SPEC 1). */
export function decodeName(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}
