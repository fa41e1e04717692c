import type { Draws } from './draws.ts'

/** A place in a decoded value, and how to put something else there. */
interface Place {
  readonly value: unknown
  readonly put: (value: unknown) => void
}

const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 100, 255, 501, 999, 1000, 1001, 2 ** 32, 2 ** 53 - 1]
const BYTES = [0x00, 0x2d, 0x2e, 0x41, 0x7e, 0x7f, 0x80, 0xff]

/** One number, byte string or list somewhere in `value`, a decoded wire type, becomes another. In place. */
export function changeValue(value: object, draws: Draws): void {
  const { value: old, put } = draws.pick(listPlaces(value))
  if (typeof old === 'number') put(changeNumber(old, draws))
  else if (typeof old === 'bigint') put(BigInt.asUintN(64, BigInt(changeNumber(0, draws)) - 1n))
  else if (old instanceof Uint8Array) put(changeBytes(old, draws))
  else if (Array.isArray(old)) put(changeList(old, draws))
}

function listPlaces(parent: object): Place[] {
  const places: Place[] = []
  for (const [key, value] of Object.entries(parent) as [string, unknown][]) {
    places.push({ value, put: (other) => Reflect.set(parent, key, other) })
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      places.push(...listPlaces(value))
    }
  }
  // A container as such is not changed, only what it holds.
  return places.filter(
    ({ value }) => typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array,
  )
}

function changeNumber(old: number, draws: Draws): number {
  return draws.oneIn(2) ? Math.max(0, old + draws.pick([-1, 1])) : draws.pick(NUMBERS)
}

function changeBytes(old: Uint8Array, draws: Draws): Uint8Array {
  const bytes = Uint8Array.from(old)
  const at = draws.below(bytes.length + 1)
  switch (draws.below(4)) {
    case 0:
      return Uint8Array.from([...bytes.subarray(0, at), draws.pick(BYTES), ...bytes.subarray(at)])
    case 1:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)])
    default:
      if (at < bytes.length) bytes[at] = draws.oneIn(2) ? (bytes[at] ?? 0) ^ 1 : draws.pick(BYTES)
      return bytes
  }
}

function changeList(old: readonly unknown[], draws: Draws): unknown[] {
  const at = draws.below(old.length + 1)
  switch (draws.below(4)) {
    case 0:
      return old.toSpliced(at, 1)
    case 1:
      return old.toSpliced(at, 0, ...structuredClone(old.slice(at, at + 1)))
    case 2:
      return old.toReversed()
    default:
      return [...old, ...structuredClone(old)]
  }
}
