// SSZ by its definition, as SPEC 1 wants it. Written from SPEC.md alone: it shares no code with ours, and no library but a hash.

/** What the reader makes of bytes: SSZ values by field name. */
export type Value = number | bigint | Uint8Array | Value[] | { [field: string]: Value }
export type Struct = { [field: string]: Value }

/** SSZ by its definition: how a type reads `bytes`, and its size where that is fixed. */
export interface Schema {
  readonly size: number | undefined
  readonly read: (bytes: Uint8Array) => Value
}

export class Malformed extends Error {}

export function insist(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Malformed(what)
}

export function uint(size: number): Schema {
  return {
    size,
    read: (bytes) => {
      insist(bytes.length === size, 'size of a number')
      const value = littleEndian(bytes)
      insist(value <= 2n ** 53n - 1n, 'a number above 2^53 - 1')
      return Number(value)
    },
  }
}

/** A uint64 that may use all its bits (SPEC 1). */
export const bits64: Schema = {
  size: 8,
  read: (bytes) => {
    insist(bytes.length === 8, 'size of a number')
    return littleEndian(bytes)
  },
}

export function vector(size: number): Schema {
  return {
    size,
    read: (bytes) => {
      insist(bytes.length === size, 'length of bytes')
      return bytes
    },
  }
}

export function byteList(limit: number): Schema {
  return {
    size: undefined,
    read: (bytes) => {
      insist(bytes.length <= limit, 'limit of bytes')
      return bytes
    },
  }
}

export function list(element: Schema, limit: number): Schema {
  return {
    size: undefined,
    read: (bytes) => {
      const parts = splitList(bytes, element.size)
      insist(parts.length <= limit, 'limit of a list')
      return parts.map((part) => element.read(part))
    },
  }
}

function splitList(bytes: Uint8Array, size: number | undefined): Uint8Array[] {
  if (size !== undefined) {
    insist(bytes.length % size === 0, 'length of a list')
    return Array.from({ length: bytes.length / size }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    )
  }
  if (bytes.length === 0) return []
  const first = offsetAt(bytes, 0)
  insist(first > 0 && first % 4 === 0 && first <= bytes.length, 'first offset of a list')
  const starts = Array.from({ length: first / 4 }, (_, i) => offsetAt(bytes, 4 * i))
  return cut(bytes, starts)
}

export function container(fields: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(fields)
  const fixed = entries.reduce((sum, [, { size }]) => sum + (size ?? 4), 0)
  const isFixed = entries.every(([, { size }]) => size !== undefined)
  return { size: isFixed ? fixed : undefined, read }

  function read(bytes: Uint8Array): Value {
    insist(isFixed ? bytes.length === fixed : bytes.length >= fixed, 'size of a container')
    const starts: number[] = []
    let at = 0
    for (const [, { size }] of entries) {
      if (size === undefined) starts.push(offsetAt(bytes, at))
      at += size ?? 4
    }
    insist(starts.length === 0 || starts[0] === fixed, 'first offset of a container')
    const parts = cut(bytes, starts)
    const value: Struct = {}
    at = 0
    for (const [name, schema] of entries) {
      const end = at + (schema.size ?? 4)
      const part = schema.size === undefined ? parts.shift() : bytes.subarray(at, end)
      insist(part !== undefined, 'a part')
      value[name] = schema.read(part)
      at = end
    }
    return value
  }
}

function cut(bytes: Uint8Array, starts: readonly number[]): Uint8Array[] {
  return starts.map((start, i) => {
    const end = starts[i + 1] ?? bytes.length
    insist(start <= end && end <= bytes.length, 'order of offsets')
    return bytes.subarray(start, end)
  })
}

function offsetAt(bytes: Uint8Array, at: number): number {
  insist(at + 4 <= bytes.length, 'an offset')
  return Number(littleEndian(bytes.subarray(at, at + 4)))
}

export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
