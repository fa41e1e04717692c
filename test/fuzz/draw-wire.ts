import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  UintBigintType,
  UintNumberType,
  UnionType,
} from '@chainsafe/ssz'
import type { Prng } from '../sim/world/prng.ts'
import { drawBytes } from './mutate-bytes.ts'

// Values by their SSZ type: the schema says what fits, so what is drawn always encodes.

/** Entries drawn at most for a list, whatever its limit; now and then a list goes to its limit. */
const ENTRIES_MAX = 4
const ENTRIES_MAX_RARE = 70

/** A value that `type` encodes. Small numbers are likely, so that indexes and codes often mean something. */
export function drawWire(prng: Prng, type: Type<unknown>): unknown {
  if (type instanceof ContainerType) {
    const fields = Object.entries(type.fields as Record<string, Type<unknown>>)
    return Object.fromEntries(fields.map(([name, field]) => [name, drawWire(prng, field)]))
  }
  if (type instanceof ListCompositeType || type instanceof ListBasicType) {
    const length = prng.between(0, Math.min(type.limit, getEntriesMax(prng)))
    return Array.from({ length }, () => drawWire(prng, type.elementType as Type<unknown>))
  }
  if (type instanceof UnionType) {
    const selector = prng.between(0, type.types.length - 1)
    return { selector, value: drawWire(prng, type.types[selector] as Type<unknown>) }
  }
  if (type instanceof ByteListType) return drawText(prng, type.limitBytes)
  if (type instanceof ByteVectorType) {
    if (prng.chance(200)) return new Uint8Array(type.lengthBytes)
    return drawBytes(prng, type.lengthBytes)
  }
  if (type instanceof UintBigintType) return drawBigint(prng)
  if (type instanceof UintNumberType) return drawNumber(prng, type.byteLength)
  throw new TypeError(`nothing draws ${type.typeName}`)
}

function getEntriesMax(prng: Prng): number {
  return prng.chance(20) ? ENTRIES_MAX_RARE : ENTRIES_MAX
}

/** `value`, of `type`, with one place somewhere in it drawn anew, and lists with one entry more or less. */
export function changeWire(prng: Prng, type: Type<unknown>, value: unknown): unknown {
  if (type instanceof ContainerType) {
    const fields = type.fields as Record<string, Type<unknown>>
    const name = prng.pick(Object.keys(fields))
    const old = (value as Record<string, unknown>)[name]
    return { ...(value as object), [name]: changeWire(prng, fields[name] as Type<unknown>, old) }
  }
  if (type instanceof ListCompositeType || type instanceof ListBasicType) {
    return changeList(prng, type.elementType as Type<unknown>, type.limit, value as unknown[])
  }
  if (type instanceof UnionType && prng.chance(800)) {
    const { selector, value: old } = value as { selector: number; value: unknown }
    return { selector, value: changeWire(prng, type.types[selector] as Type<unknown>, old) }
  }
  if (type instanceof UintNumberType && prng.chance(500)) {
    const next = (value as number) + prng.pick([-1, 1])
    const max = type.byteLength === 8 ? Number.MAX_SAFE_INTEGER : 256 ** type.byteLength - 1
    return Math.min(max, Math.max(0, next))
  }
  if (type instanceof ByteVectorType && prng.chance(500)) {
    const bytes = Uint8Array.from(value as Uint8Array)
    const at = prng.between(0, bytes.length - 1)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.between(0, 7))
    return bytes
  }
  return drawWire(prng, type)
}

function changeList(
  prng: Prng,
  type: Type<unknown>,
  limit: number,
  list: readonly unknown[],
): unknown[] {
  const at = prng.between(0, Math.max(0, list.length - 1))
  switch (prng.between(0, 5)) {
    case 0:
      return list.toSpliced(at, 1)
    case 1:
      return [...list, drawWire(prng, type)].slice(0, limit)
    case 2:
      return [...list, ...list.slice(at, at + 1)].slice(0, limit)
    case 3:
      return list.toReversed()
    default:
      return list.length === 0 ? [] : list.with(at, changeWire(prng, type, list[at]))
  }
}

function drawText(prng: Prng, bytesMax: number): Uint8Array {
  if (prng.chance(30)) return drawBytes(prng, bytesMax)
  const length = prng.between(0, Math.min(bytesMax, 12))
  if (prng.chance(100)) return drawBytes(prng, length)
  return Uint8Array.from({ length }, () => prng.between(0x61, 0x66))
}

const SIGNED = [0n, 1n, 1000n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n]

function drawBigint(prng: Prng): bigint {
  return BigInt.asUintN(64, prng.chance(500) ? BigInt(prng.between(0, 5)) : prng.pick(SIGNED))
}

function drawNumber(prng: Prng, byteLength: number): number {
  const max = byteLength === 8 ? Number.MAX_SAFE_INTEGER : 256 ** byteLength - 1
  if (prng.chance(850)) return prng.between(0, 5)
  return Math.min(
    max,
    prng.pick([max, max - 1, 255, 256, 501, 999, 1000, 65_535, 2 ** 32, 2 ** 40]),
  )
}
