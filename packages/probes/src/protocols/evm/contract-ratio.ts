import { type Static, Type } from 'typebox'
import type { KindSignal } from '../../kind.ts'
import type { Decimal } from '../../parts/decimal.ts'
import { signalNameSchema, strictObject } from '../../parts/schemas.ts'

/** What one call returns as a share of what another does. */
export const ratioSchema = strictObject({
  signal: signalNameSchema,
  of: Type.String({ description: 'The call whose number is divided, by its signal.' }),
  over: Type.String({ description: 'The call whose number it is divided by.' }),
})
export type RatioParams = Static<typeof ratioSchema>

const SCALE = 2
/** Hundredths of a basis point in a whole. */
const PARTS = 1_000_000n
const INT64_MAX = 2n ** 63n - 1n

export function ratioSignal({ signal, of, over }: RatioParams): KindSignal {
  return {
    name: signal,
    unit: 'bp',
    scale: SCALE,
    aggregate: 'median',
    meaning: `${of} over ${over}, cut towards 0; none where ${over} is 0.`,
    optional: true,
  }
}

/**
 * Divides the numbers as they were returned, not as their signals are cut.
 *
 * @returns hundredths of a basis point; what 64 bits do not hold, as much as they do: debt that is all
 * but repaid is well covered. Undefined over 0
 */
export function getRatio(of: Decimal, over: Decimal): bigint | undefined {
  if (over.mantissa === 0n) return undefined
  const up = of.mantissa * PARTS * 10n ** BigInt(Math.max(0, over.decimals - of.decimals))
  const down = over.mantissa * 10n ** BigInt(Math.max(0, of.decimals - over.decimals))
  const ratio = up / down
  if (ratio > INT64_MAX) return INT64_MAX
  return ratio < -INT64_MAX ? -INT64_MAX : ratio
}
