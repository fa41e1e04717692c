import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Hex } from './brands.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const TEXT = /^[\x20-\x7e]*$/

const DIGEST_BYTES = 32
const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
/** Of the digest at hand: written and read at once. */
const digestCodes: number[] = Array.from({ length: 2 * DIGEST_BYTES }, () => 0)

/** @returns the bytes in lower-case hex, without a prefix */
export function toHex(bytes: Uint8Array): Hex {
  // Digests name all that is kept by them, so they are written all the time. The library joins a string
  // for each byte, which takes four times as long and ten times the memory.
  return (bytes.length === DIGEST_BYTES ? digestToHex(bytes) : bytesToHex(bytes)) as Hex
}

function digestToHex(digest: Uint8Array): string {
  for (let index = 0; index < DIGEST_BYTES; index++) {
    const byte = digest[index] ?? 0
    digestCodes[2 * index] = hexDigits[byte >> 4] ?? 0
    digestCodes[2 * index + 1] = hexDigits[byte & 15] ?? 0
  }
  return String.fromCharCode.apply(undefined, digestCodes)
}

/**
 * @param text hex digits in pairs, of either case, without a prefix
 * @throws when `text` is not that: check what an operator wrote before
 */
export function fromHex(text: string): Uint8Array {
  return hexToBytes(text)
}

/** @returns the signed number whose two's complement is `bits`, a uint64 off the wire (SPEC 1) */
export function toSigned(bits: bigint): bigint {
  return BigInt.asIntN(64, bits)
}

/**
 * @param value a signed 64-bit number
 * @returns its two's complement, as it travels in a uint64 (SPEC 1)
 * @throws RangeError when `value` does not fit 64 bits
 */
export function toBits(value: bigint): bigint {
  if (value < INT64_MIN || value > INT64_MAX) throw new RangeError(`${value} exceeds 64 bits`)
  return BigInt.asUintN(64, value)
}

/** Whether `bytes` are text in the sense of SPEC 1: printable ASCII. */
export function isText(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 || byte > 0x7e) return false
  return true
}

/**
 * @returns the text of a text field. Bytes outside printable ASCII come out as `\xNN`, so that what
 *   a stranger wrote can be shown on a terminal; where it matters, ask {@link isText} first
 */
export function toText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    text +=
      byte >= 0x20 && byte <= 0x7e
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/**
 * @param text printable ASCII
 * @throws RangeError when it is not: check what an operator wrote before
 */
export function fromText(text: string): Uint8Array {
  if (!TEXT.test(text)) throw new RangeError('text must be printable ASCII')
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** Whether two byte strings are the same. Not for secrets: it stops at the first difference. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Order by bytes, the shorter first where one begins the other. @returns below, at or above 0 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
