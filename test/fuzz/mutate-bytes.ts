import type { Prng } from '../sim/world/prng.ts'

const BYTES = [0x00, 0x01, 0x20, 0x7f, 0x80, 0xfe, 0xff]
const LENGTHS = [0, 1, 4, 8, 32, 64, 127, 128, 255, 1024, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
/** Around the greatest number that decodes (SPEC 1), and the ends of its field. */
const WIDE = [0n, 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]
/** What a mutated input may grow to. */
const BYTES_MAX = 262_144

/** One to four changes to bytes that were valid: of bits, lengths, offsets, order, or what they join. */
export function mutateBytes(
  prng: Prng,
  bytes: Uint8Array,
  others: readonly Uint8Array[] = [],
): Uint8Array {
  let mutated = Uint8Array.from(bytes)
  for (let left = prng.between(1, 4); left > 0; left--) mutated = mutateOnce(prng, mutated, others)
  return mutated.subarray(0, BYTES_MAX)
}

function mutateOnce(
  prng: Prng,
  bytes: Uint8Array<ArrayBuffer>,
  others: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const at = prng.between(0, bytes.length)
  const to = Math.min(bytes.length, at + prng.between(0, 40))
  switch (prng.between(0, 11)) {
    case 0:
    case 1:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.between(0, 7))
      return bytes
    case 2:
      if (at < bytes.length) bytes[at] = prng.pick(BYTES)
      return bytes
    case 3:
    case 4:
      return tamperOffset(prng, bytes)
    case 5: {
      const place = prng.between(0, Math.max(0, bytes.length - 8))
      if (bytes.length >= 8) viewOf(bytes).setBigUint64(place, prng.pick(WIDE), true)
      return bytes
    }
    case 6:
      return bytes.slice(0, at)
    case 7:
      return join(bytes, drawBytes(prng, prng.between(1, 70)))
    case 8:
      return join(bytes.subarray(0, at), bytes.subarray(to))
    case 9:
      return join(bytes.subarray(0, to), bytes.subarray(at))
    case 10:
      return bytes.fill(prng.pick(BYTES), at, to)
    default: {
      const other = others.length === 0 ? bytes : prng.pick(others)
      return join(bytes.subarray(0, at), other.subarray(prng.between(0, other.length)))
    }
  }
}

/** A number of four bytes that could be an offset becomes another, near it or far. */
function tamperOffset(prng: Prng, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length < 4) return bytes
  const view = viewOf(bytes)
  let place = prng.between(0, bytes.length - 4)
  for (let tries = 0; tries < 8; tries++) {
    if (view.getUint32(place, true) <= bytes.length) break
    place = prng.between(0, bytes.length - 4)
  }
  const old = view.getUint32(place, true)
  const next = prng.chance(600)
    ? old + prng.pick([-8, -4, -2, -1, 1, 2, 4, 8])
    : prng.pick([bytes.length, bytes.length + 1, ...LENGTHS])
  view.setUint32(place, next >>> 0, true)
  return bytes
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export function drawBytes(prng: Prng, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => prng.next() & 255)
}
