/** `value / 10^scale` in decimal, exactly: integers are never turned into floats on their way out. */
export function formatScaled(value: bigint, scale: number): string {
  if (scale === 0) return value.toString()
  const sign = value < 0n ? '-' : ''
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(-scale).replace(/0+$/, '')
  const whole = digits.slice(0, -scale)
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`
}

const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1 }

/** A number with its unit as a person reads it: `12.3 ms`, `1999.5 USD`, `17`. */
export function formatQuantity(value: bigint, scale: number, unit: string): string {
  const perUnit = milliseconds[unit]
  if (perUnit !== undefined) {
    // Durations are for reading only here, so a float's last digit does not matter.
    const ms = (Number(value) / 10 ** scale) * perUnit
    return Math.abs(ms) >= 1000
      ? `${Number((ms / 1000).toFixed(2))} s`
      : `${Number(ms.toFixed(Math.abs(ms) >= 10 ? 1 : 3))} ms`
  }
  const decimal = formatScaled(value, scale)
  return unit === '' ? decimal : `${decimal} ${unit}`
}
