import { createHash } from 'node:crypto'
import { littleEndian } from './ssz.ts'

// SPEC 2.3 and 2.4, after RFC 8032 and ZIP-215, in plain arithmetic.

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const D = mod(-121665n * power(121666n, P - 2n))
type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint]

function mod(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square, rest] = [1n, base % P, exponent]
  for (; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2))
  const b = mod((y1 + x1) * (y2 + x2))
  const c = mod(2n * D * t1 * t2)
  const d = mod(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function times(point: Point, scalar: bigint): Point {
  let [result, double, rest]: [Point, Point, bigint] = [[0n, 1n, 1n, 0n], point, scalar]
  for (; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = add(result, double)
    double = add(double, double)
  }
  return result
}

/** ZIP-215: y may be unreduced, and an x of 0 may carry a sign. */
function decompress(bytes: Uint8Array): Point | undefined {
  const encoded = littleEndian(bytes)
  const sign = encoded >> 255n
  const y = mod(encoded & (2n ** 255n - 1n))
  const u = mod(y * y - 1n)
  const v = mod(D * y * y + 1n)
  let x = mod(u * power(v, 3n) * power(mod(u * power(v, 7n)), (P - 5n) / 8n))
  if (mod(v * x * x - u) !== 0n) x = mod(x * power(2n, (P - 1n) / 4n))
  if (mod(v * x * x - u) !== 0n) return undefined
  if ((x & 1n) !== sign) x = mod(-x)
  return [x, y, 1n, mod(x * y)]
}

const BASE = decompress(Buffer.from(`58${'66'.repeat(31)}`, 'hex'))

/** SPEC 2.3. */
export function isValidSignature(
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  const [a, r] = [decompress(publicKey), decompress(signature.subarray(0, 32))]
  const s = littleEndian(signature.subarray(32))
  if (a === undefined || r === undefined || BASE === undefined || s >= L) return false
  const hash = createHash('sha512').update(signature.subarray(0, 32)).update(publicKey)
  const k = littleEndian(hash.update(message).digest()) % L
  const [x1, y1, z1] = times(times(BASE, s), 8n)
  const [x2, y2, z2] = times(add(r, times(a, k)), 8n)
  return mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n
}

/** SPEC 2.4. */
export function isAdmissible(key: Uint8Array): boolean {
  const point = key.length === 32 ? decompress(key) : undefined
  if (point === undefined) return false
  const encoded = littleEndian(key)
  if ((encoded & (2n ** 255n - 1n)) >= P) return false
  const [x, y] = point
  if (x === 0n || y === 0n) return false
  const [lx, ly, lz] = times(point, L)
  return lx === 0n && mod(ly - lz) === 0n
}
