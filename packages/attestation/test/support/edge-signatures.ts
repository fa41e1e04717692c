import assert from 'node:assert/strict'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import {
  fromText,
  sha256,
  signDigest,
  toHex,
  type Digest,
  getPublicKey,
} from '@watchfire/attestation'

/** One signature at the edge of what verifiers agree on. */
export interface EdgeSignature {
  readonly name: string
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** What SPEC 2.3 says, known from how it was made and not from asking a verifier. */
  readonly valid: boolean
}

/** One encoding of a point at the edge of what a member may have for a key. */
export interface EdgeKey {
  readonly name: string
  readonly publicKey: Uint8Array
  /** What SPEC 2.4 says. */
  readonly admissible: boolean
}

const { p: P, n: L } = Point.CURVE()
const MESSAGE = sha256(fromText('edge cases'))

/** A point of order 8, from whose multiples all eight of small order come. */
const TORSION = findTorsion()
const SMALL_ORDER = Array.from({ length: 8 }, (_, i) => TORSION.multiplyUnsafe(BigInt(i)))

function findTorsion(): Point {
  for (let y = 2; y < 100; y++) {
    const point = decode(encodeY(BigInt(y), false))
    if (point === undefined) continue
    // [L]P has an order that divides 8; L itself is refused as a scalar.
    const torsion = point
      .multiplyUnsafe((L - 1n) / 2n)
      .double()
      .add(point)
    if (!torsion.multiplyUnsafe(4n).is0()) return torsion
  }
  return assert.fail('one point in two has a torsion part of order 8')
}

function decode(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, true)
  } catch {
    // No x belongs to this y: half of all encodings are no points.
    return undefined
  }
}

/** `y` as it is, reduced or not, and the sign of x. */
function encodeY(y: bigint, sign: boolean): Uint8Array {
  return toBytes32(sign ? y | (1n << 255n) : y)
}

function toBytes32(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 0; i < 32; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return bytes
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).toReversed())}`)
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** The eight points of small order and their six encodings that are not canonical. */
function listSmallOrderEncodings(): { name: string; bytes: Uint8Array; canonical: boolean }[] {
  const canonical = SMALL_ORDER.map((point, i) => ({
    name: `[${i}]T`,
    bytes: point.toBytes(),
    canonical: true,
  }))
  const others = [
    { name: 'y = 1 with the sign of no x', bytes: encodeY(1n, true) },
    { name: 'y = p - 1 with the sign of no x', bytes: encodeY(P - 1n, true) },
    { name: 'y = p for 0', bytes: encodeY(P, false) },
    { name: 'y = p for 0, odd x', bytes: encodeY(P, true) },
    { name: 'y = p + 1 for 1', bytes: encodeY(P + 1n, false) },
    { name: 'y = p + 1 for 1 with the sign of no x', bytes: encodeY(P + 1n, true) },
  ]
  return [...canonical, ...others.map((other) => ({ ...other, canonical: false }))]
}

/** A signature by curve arithmetic, with what is asked for added to A and to R. */
function signWithTorsion(
  torsionInA: Point,
  torsionInR: Point,
): Omit<EdgeSignature, 'name' | 'valid'> {
  const a = toNumber(sha512(fromText('secret scalar'))) % L
  const r = toNumber(sha512(fromText('nonce'))) % L
  const publicKey = Point.BASE.multiply(a).add(torsionInA).toBytes()
  const commitment = Point.BASE.multiply(r).add(torsionInR).toBytes()
  const k = toNumber(sha512(concat(commitment, publicKey, MESSAGE))) % L
  const signature = concat(commitment, toBytes32((r + k * a) % L))
  return { publicKey, message: MESSAGE, signature }
}

/** A signature of an honest key's holder over `message` with torsion in R: valid, though many verifiers refuse it. */
export function signWithTorsionInR(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const head = sha512(secretKey).slice(0, 32)
  head[0] = (head[0] ?? 0) & 248
  head[31] = ((head[31] ?? 0) & 127) | 64
  const a = toNumber(head) % L
  const r = toNumber(sha512(concat(fromText('nonce'), message))) % L
  const commitment = Point.BASE.multiply(r).add(TORSION).toBytes()
  const k = toNumber(sha512(concat(commitment, getPublicKey(secretKey), message))) % L
  return concat(commitment, toBytes32((r + k * a) % L))
}

/** The same signature with S + L in the place of S: refused, though the equation still holds. */
export function addGroupOrder(signature: Uint8Array): Uint8Array {
  return changed(signature, 32, toBytes32(toNumber(signature.subarray(32)) + L))
}

function changed(bytes: Uint8Array, at: number, bytesThere: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy.set(bytesThere, at)
  return copy
}

/** Every signature at the edge that these tests know, each with the verdict its making implies. */
export function listEdgeSignatures(): EdgeSignature[] {
  const cases: EdgeSignature[] = []
  // S = 0 and both points of small order: [8] takes all of them to the identity.
  const zero = new Uint8Array(32)
  const encodings = listSmallOrderEncodings()
  for (const key of encodings) {
    for (const commitment of encodings) {
      cases.push({
        name: `small order: A is ${key.name}, R is ${commitment.name}, S = 0`,
        publicKey: key.bytes,
        message: MESSAGE,
        signature: concat(commitment.bytes, zero),
        valid: true,
      })
    }
  }
  for (const [i, torsionInA] of SMALL_ORDER.entries()) {
    for (const [j, torsionInR] of SMALL_ORDER.entries()) {
      const name = `torsion: A has [${i}]T, R has [${j}]T`
      cases.push({ name, ...signWithTorsion(torsionInA, torsionInR), valid: true })
    }
  }
  return [...cases, ...listBadSignatures()]
}

function listBadSignatures(): EdgeSignature[] {
  const identity = Point.ZERO
  const good = signWithTorsion(identity, identity)
  const s = toNumber(good.signature.subarray(32))
  const notPoint = findNotPoint()
  const bad = (name: string, changes: Partial<EdgeSignature>): EdgeSignature => ({
    name,
    ...good,
    ...changes,
    valid: false,
  })
  const withS = (value: bigint) => ({ signature: changed(good.signature, 32, toBytes32(value)) })
  const withR = (bytes: Uint8Array) => ({ signature: changed(good.signature, 0, bytes) })
  return [
    { name: 'made by curve arithmetic, nothing odd', ...good, valid: true },
    bad('S + L', withS(s + L)),
    bad('S + 8L', withS(s + 8n * L)),
    bad('S = L with both points the identity', {
      publicKey: identity.toBytes(),
      signature: concat(identity.toBytes(), toBytes32(L)),
    }),
    bad('S with its highest bit set', withS(s | (1n << 255n))),
    bad('S + 1', withS((s + 1n) % L)),
    bad('S = 0', withS(0n)),
    bad('-S', withS(L - s)),
    bad('R that is no point', withR(notPoint)),
    bad('A that is no point', { publicKey: notPoint }),
    bad('R of small order in the place of another', withR(TORSION.toBytes())),
    bad('-R', withR(Point.fromBytes(good.signature.subarray(0, 32)).negate().toBytes())),
    bad('-A', { publicKey: Point.fromBytes(good.publicKey).negate().toBytes() }),
    bad('another message', { message: sha256(MESSAGE) }),
    bad('64 zero bytes', { signature: new Uint8Array(64) }),
    bad('64 bytes of ff', { signature: new Uint8Array(64).fill(0xff) }),
  ]
}

function findNotPoint(): Uint8Array {
  for (let y = 2n; y < 100n; y++) {
    const bytes = encodeY(y, false)
    if (decode(bytes) === undefined) return bytes
  }
  return assert.fail('one encoding in two is no point')
}

/** Keys at the edge of SPEC 2.4, and honest ones. */
export function listEdgeKeys(): EdgeKey[] {
  const secret = sha256(fromText('edge key'))
  const honest = getPublicKey(secret)
  const point = Point.fromBytes(honest)
  const refused = (name: string, publicKey: Uint8Array) => ({ name, publicKey, admissible: false })
  return [
    { name: 'an honest key', publicKey: honest, admissible: true },
    { name: 'minus an honest key', publicKey: point.negate().toBytes(), admissible: true },
    { name: 'the base point', publicKey: Point.BASE.toBytes(), admissible: true },
    ...listSmallOrderEncodings().map(({ name, bytes }) => refused(`small order: ${name}`, bytes)),
    ...SMALL_ORDER.slice(1).map((torsion, i) =>
      refused(`torsion: [${i + 1}]T added`, point.add(torsion).toBytes()),
    ),
    ...listUnreduced(),
    refused('no point', findNotPoint()),
    refused('32 zero bytes', new Uint8Array(32)),
    refused('32 bytes of ff', new Uint8Array(32).fill(0xff)),
    refused('31 bytes', honest.subarray(0, 31)),
    refused('33 bytes', concat(honest, new Uint8Array(1))),
  ]
}

/** Encodings of points of large order whose y is not reduced: p to p + 18 are all there are. */
function listUnreduced(): EdgeKey[] {
  return Array.from({ length: 17 }, (_, i) => BigInt(i + 2)).flatMap((y) => {
    const publicKey = encodeY(P + y, false)
    return decode(publicKey) === undefined
      ? []
      : [{ name: `y = p + ${y}`, publicKey, admissible: false }]
  })
}

/** An honest signature, for comparison. */
export function makeHonestSignature(seed: number): EdgeSignature {
  const secret = sha256(fromText(`honest ${seed}`))
  const message = sha256(secret)
  return {
    name: `honest ${seed}`,
    publicKey: getPublicKey(secret),
    message,
    signature: signDigest(message as Digest, secret),
    valid: true,
  }
}
