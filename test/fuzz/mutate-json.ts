import type { Prng } from '../sim/world/prng.ts'

/** What parsing JSON gives. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue }

const TEXTS = ['', 'a', '0', '-1', '01', '__proto__', 'constructor', 'toString', '9007199254740993']
const ODD_TEXTS = [
  '\u0000',
  'é',
  '\ud800',
  '\u2028',
  ' '.repeat(70),
  'x'.repeat(5000),
  '0x10',
  'NaN',
]
const NUMBERS = [0, -0, 1, -1, 0.5, 255, 256, 500, 501, 1000, 1001, 2 ** 32, 2 ** 53, 1e21, 1e308]
const LEVELS_MAX = 40

/** `value` with one to three places changed: removed, doubled, of another type, moved, or nested deep. */
export function mutateJson(prng: Prng, value: JsonValue): JsonValue {
  let mutated = value
  for (let left = prng.between(1, 3); left > 0; left--) mutated = mutateOnce(prng, mutated)
  return mutated
}

function mutateOnce(prng: Prng, value: JsonValue): JsonValue {
  const isLeaf = typeof value !== 'object' || value === null
  if (isLeaf || prng.chance(60)) return change(prng, value)
  if (Array.isArray(value)) {
    if (value.length === 0) return prng.chance(500) ? [drawJson(prng, 2)] : drawJson(prng, 2)
    const at = prng.between(0, value.length - 1)
    const item = value[at] ?? null
    if (prng.chance(100)) return value.toSpliced(at, 1)
    if (prng.chance(100)) return [...value, item]
    if (prng.chance(50)) return value.toReversed()
    return value.with(at, mutateOnce(prng, item))
  }
  const keys = Object.keys(value)
  if (keys.length === 0 || prng.chance(40)) {
    return makeObject([...Object.entries(value), [prng.pick(TEXTS), drawJson(prng, 2)]])
  }
  const key = prng.pick(keys)
  const entries = Object.entries(value)
  if (prng.chance(60)) return makeObject(entries.filter(([name]) => name !== key))
  if (prng.chance(60)) return makeObject(entries.toReversed())
  return makeObject(
    entries.map(([name, item]) => [name, name === key ? mutateOnce(prng, item) : item]),
  )
}

/** As parsing makes it: `__proto__` is a field like any other. */
function makeObject(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  const object: { [key: string]: JsonValue } = {}
  for (const [key, item] of entries) {
    const property = { value: item, configurable: true, enumerable: true, writable: true }
    Object.defineProperty(object, key, property)
  }
  return object
}

function change(prng: Prng, old: JsonValue): JsonValue {
  if (typeof old === 'number' && prng.chance(500)) return old + prng.pick([-1, 1, 0.5])
  if (typeof old === 'string' && prng.chance(500)) return changeText(prng, old)
  if (prng.chance(30)) return nest(old, prng.between(1, LEVELS_MAX))
  return drawJson(prng, 2)
}

function changeText(prng: Prng, old: string): string {
  const at = prng.between(0, old.length)
  switch (prng.between(0, 3)) {
    case 0:
      return old.slice(0, at) + old.slice(at + 1)
    case 1:
      return old.slice(0, at) + prng.pick([...TEXTS, ...ODD_TEXTS]) + old.slice(at)
    case 2:
      return old.toUpperCase()
    default:
      return old + old
  }
}

function nest(value: JsonValue, levels: number): JsonValue {
  let nested = value
  for (let left = levels; left > 0; left--) nested = left % 2 === 0 ? [nested] : { a: nested }
  return nested
}

/** Any JSON at all, of a few levels. */
export function drawJson(prng: Prng, levels: number): JsonValue {
  switch (prng.between(0, levels > 0 ? 6 : 4)) {
    case 0:
      return prng.pick([null, true, false])
    case 1:
      return prng.pick(NUMBERS)
    case 2:
      return prng.pick(ODD_TEXTS)
    case 3:
    case 4:
      return prng.pick(TEXTS)
    case 5:
      return Array.from({ length: prng.between(0, 3) }, () => drawJson(prng, levels - 1))
    default:
      return makeObject(
        Array.from({ length: prng.between(0, 3) }, () => [
          prng.pick(TEXTS),
          drawJson(prng, levels - 1),
        ]),
      )
  }
}
