// Decimal numbers as whole ones of a scale: nothing agreed is a float.

/** More digits than any price or balance has; also bounds what an exponent may ask for. */
const DIGITS_MAX = 100
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/** A decimal number, exactly: `mantissa` over ten to the power of `decimals`. */
export interface Decimal {
  readonly mantissa: bigint
  /** May be negative. */
  readonly decimals: number
}

/** Reads `12`, `-0.5`, `1.5e-7`; undefined where it is none or has too many digits. */
export function readDecimal(text: string): Decimal | undefined {
  const match = text.length > 2 * DIGITS_MAX ? null : DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', part = '', exponent = '0'] = match
  if (whole === '' && part === '') return undefined
  const decimals = part.length - Number(exponent)
  if (Math.abs(decimals) > DIGITS_MAX) return undefined
  const mantissa = BigInt(`${whole}${part}`)
  return { mantissa: sign === '-' ? -mantissa : mantissa, decimals }
}

/** The number with `scale` digits after the point, cut towards 0. */
export function toScale({ mantissa, decimals }: Decimal, scale: number): bigint {
  const digits = scale - decimals
  return digits >= 0 ? mantissa * 10n ** BigInt(digits) : mantissa / 10n ** BigInt(-digits)
}

const INT64_MAX = 2n ** 63n - 1n

/** Whether a signal can hold it. */
export function fitsSignal(value: bigint): boolean {
  return value <= INT64_MAX && value >= -INT64_MAX - 1n
}
