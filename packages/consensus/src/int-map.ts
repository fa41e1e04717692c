/**
 * An immutable map from whole numbers, in chunks: setting one entry copies one chunk and the list
 * of chunks, so that thousands of views cost a step next to nothing. Iteration ascends, whatever
 * the order of insertion, which keeps the core deterministic.
 */
export interface IntMap<T> {
  readonly chunks: ReadonlyMap<number, readonly (T | undefined)[]>
}

const CHUNK = 16
const empty: IntMap<never> = { chunks: new Map() }

export function makeIntMap<T>(): IntMap<T> {
  return empty
}

export function getAt<T>(map: IntMap<T>, key: number): T | undefined {
  return map.chunks.get(Math.floor(key / CHUNK))?.[key % CHUNK]
}

export function setAt<T>(map: IntMap<T>, key: number, value: T): IntMap<T> {
  const index = Math.floor(key / CHUNK)
  const chunk = map.chunks.get(index)?.slice() ?? Array.from<T | undefined>({ length: CHUNK })
  chunk[key % CHUNK] = value
  return { chunks: new Map(map.chunks).set(index, chunk) }
}

/** The map without keys below `floor`. The same object where there are none. */
export function dropBelow<T>(map: IntMap<T>, floor: number): IntMap<T> {
  const bound = Math.floor(floor / CHUNK)
  let chunks: Map<number, readonly (T | undefined)[]> | undefined
  for (const [index, chunk] of map.chunks) {
    if (index > bound) continue
    if (index < bound) {
      chunks ??= new Map(map.chunks)
      chunks.delete(index)
    } else if (hasBelow(chunk, floor % CHUNK)) {
      chunks ??= new Map(map.chunks)
      chunks.set(
        index,
        chunk.map((value, position) => (position < floor % CHUNK ? undefined : value)),
      )
    }
  }
  return chunks === undefined ? map : { chunks }
}

function hasBelow(chunk: readonly unknown[], end: number): boolean {
  for (let position = 0; position < end; position++) if (chunk[position] !== undefined) return true
  return false
}

/** Entries ascending by key. */
export function* ascend<T>(map: IntMap<T>): Generator<readonly [key: number, value: T]> {
  const indexes = [...map.chunks.keys()].toSorted((a, b) => a - b)
  for (const index of indexes) {
    const chunk = map.chunks.get(index) ?? []
    for (let position = 0; position < chunk.length; position++) {
      const value = chunk[position]
      if (value !== undefined) yield [index * CHUNK + position, value]
    }
  }
}
