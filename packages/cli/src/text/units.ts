import { formatScaled } from '@watchfire/attestation'

/**
 * Writes a signal's value for people: the unit's own scale first, then the unit people read.
 *
 * @param value - signed, as agreed
 * @param unit - as the manifest defines it (`us`, `ms`, `s`, `B`, …); another is written after the number
 * @param scale - decimal places the value was multiplied by
 * @example formatSignal(12_345n, 'us', 0) // '12.3 ms'
 * @example formatSignal(200_012_345_678n, 'usd', 8) // '2000.123 usd'
 */
export function formatSignal(value: bigint, unit: string, scale: number): string {
  if (scale === 0 && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
    const number = Number(value)
    if (unit === 'us') return formatUs(number)
    if (unit === 'ms') return formatUs(number * 1000)
    if (unit === 's') return formatSeconds(number)
  }
  const digits = shorten(formatScaled(value, scale))
  return unit === '' ? digits : `${digits} ${unit}`
}

/** Digits that people read of a number with decimals. */
const DIGITS_SHOWN = 7

/** Cuts decimals that nobody reads; whole numbers keep every digit. */
function shorten(decimal: string): string {
  const [whole = '', fraction = ''] = decimal.split('.')
  const zeros = /^-?0$/.test(whole) ? (/^0*/.exec(fraction)?.[0].length ?? 0) : 0
  const kept = Math.max(0, DIGITS_SHOWN - whole.replace('-', '').length + zeros)
  const cut = fraction.slice(0, kept).replace(/0+$/, '')
  return cut === '' ? whole : `${whole}.${cut}`
}

/** Microseconds as `870 us`, `12.3 ms`, `4.56 s`. */
export function formatUs(us: number): string {
  if (us < 1000) return `${us} us`
  if (us < 10_000) return `${(us / 1000).toFixed(2)} ms`
  if (us < 1_000_000) return `${(us / 1000).toFixed(1)} ms`
  return formatSeconds(us / 1_000_000)
}

/** Seconds as `4.56 s`, `12 s`, `2 min 05 s`, `3 h 07 min`, `12 d 04 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(2)} s`
  const whole = Math.floor(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  if (whole < 86_400)
    return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`
  return `${Math.floor(whole / 86_400)} d ${pad(Math.floor((whole % 86_400) / 3600))} h`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

/** The last moment that RFC 3339 has words for. */
const unixMsMax = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * RFC 3339 in UTC. What lies after the year 9999 reads as its last moment: times and rounds of a
 * manifest or a server may be anything up to 2^53 − 1.
 */
export function formatMoment(unixMs: number): string {
  return new Date(Math.min(unixMs, unixMsMax)).toISOString()
}

/** Time of day in UTC, to the second, with the date when it is not today's. */
export function formatTime(unixMs: number, nowMs: number): string {
  const text = formatMoment(unixMs)
  const time = `${text.slice(11, 19)}Z`
  return text.slice(0, 10) === formatMoment(nowMs).slice(0, 10)
    ? time
    : `${text.slice(0, 10)} ${time}`
}

const durationMs = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 } as const

/**
 * Reads a length of time as flags give it.
 *
 * @param text - `500ms`, `1s`, `1.5s`, `2m`, `1h`; a bare number is seconds
 * @returns whole milliseconds above 0, or undefined for anything else
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text.trim())
  if (match === null) return undefined
  const unit = (match[2] ?? 's') as keyof typeof durationMs
  const ms = Math.round(Number(match[1]) * durationMs[unit])
  return ms > 0 && Number.isSafeInteger(ms) ? ms : undefined
}
