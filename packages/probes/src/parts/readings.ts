// Values as chains' APIs give them: whole numbers as numbers or in decimal digits, hashes in hex.

/** A whole number from 0 to 2^53 − 1. */
export function readCount(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\d{1,16}$/.test(value)) return undefined
  const number = typeof value === 'string' ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
}

/** A whole number that may exceed what a number holds, but not a signed 64-bit integer. */
export function readInteger(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return undefined
  const integer = BigInt(value)
  return BigInt.asIntN(64, integer) === integer ? integer : undefined
}

/** So many bytes in hex, with `0x` or without. */
export function readHash(value: unknown, bytes: number): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  const digits = value.startsWith('0x') ? value.slice(2) : value
  return digits.length === bytes * 2 && /^[0-9a-fA-F]*$/.test(digits)
    ? Buffer.from(digits, 'hex')
    : undefined
}

/** An RFC 3339 time in ms, cut below. */
export function readTimeMs(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(value))
    return undefined
  const timeMs = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isSafeInteger(timeMs) ? timeMs : undefined
}

/** A truth as the signal that says it: 1 or 0. */
export function toFlag(value: boolean): bigint {
  return value ? 1n : 0n
}

/**
 * Which places of a list something is true of: bit i % 8 of byte i / 8, lowest first. An identity of
 * at most 32 bytes that monitors agree on, where a signal could only say how many.
 */
export function makeBitmap(size: number, isSet: (index: number) => boolean): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(size / 8))
  for (let index = 0; index < size; index++) {
    const byte = index >> 3
    if (isSet(index)) bitmap[byte] = (bitmap[byte] ?? 0) | (1 << (index & 7))
  }
  return bitmap
}
