/** How deep and long canonical JSON may get; both guard against values that refer to themselves. */
export interface JsonBounds {
  readonly depthMax: number
  /** Of UTF-16 code units, of which UTF-8 makes at least as many bytes. */
  readonly lengthMax: number
}

const BOUNDS: JsonBounds = { depthMax: 64, lengthMax: 2 ** 26 }

/** What canonical JSON cannot say, and where. */
export class UncanonicalError extends Error {
  override readonly name = 'UncanonicalError'
  readonly path: readonly (string | number)[]

  constructor(path: readonly (string | number)[], expected: string) {
    super(expected)
    this.path = path
  }
}

/**
 * The one JSON of a value (SPEC 4.2): keys sorted by code unit, no white space, numbers only safe
 * integers, strings escaped as `JSON.stringify` does.
 *
 * @throws UncanonicalError for what JSON has no form for, numbers other than safe integers, and
 *   whatever exceeds `bounds`
 */
export function canonicalJson(value: unknown, bounds: JsonBounds = BOUNDS): string {
  const parts: string[] = []
  let length = 0
  write(value, [], 0)
  return parts.join('')

  function put(text: string, path: readonly (string | number)[]): void {
    length += text.length
    if (length > bounds.lengthMax) {
      throw new UncanonicalError(path, `at most ${bounds.lengthMax} bytes of JSON`)
    }
    parts.push(text)
  }

  function write(item: unknown, path: readonly (string | number)[], depth: number): void {
    if (item === null || typeof item === 'boolean' || typeof item === 'string') {
      put(JSON.stringify(item), path)
    } else if (typeof item === 'number') {
      if (!Number.isSafeInteger(item)) {
        throw new UncanonicalError(path, 'an integer within 2^53; write others as strings')
      }
      put(JSON.stringify(item), path)
    } else if (typeof item === 'object') {
      if (depth >= bounds.depthMax) {
        throw new UncanonicalError(path, `at most ${bounds.depthMax} levels`)
      }
      if (Array.isArray(item)) writeList(item, path, depth + 1)
      else writeObject(item, path, depth + 1)
    } else {
      throw new UncanonicalError(path, 'null, a boolean, an integer, a string, a list or an object')
    }
  }

  function writeList(list: readonly unknown[], path: readonly (string | number)[], depth: number) {
    put('[', path)
    for (let index = 0; index < list.length; index++) {
      if (index > 0) put(',', path)
      write(list[index], [...path, index], depth)
    }
    put(']', path)
  }

  function writeObject(object: object, path: readonly (string | number)[], depth: number) {
    if (!isPlainObject(object)) throw new UncanonicalError(path, 'a plain object')
    put('{', path)
    // The default order is by code unit; a comparison of locales would not be the same everywhere.
    const keys = Object.keys(object).toSorted()
    for (const [index, key] of keys.entries()) {
      if (index > 0) put(',', path)
      put(`${JSON.stringify(key)}:`, path)
      write(object[key], [...path, key], depth)
    }
    put('}', path)
  }
}

/** Whether a value is an object as parsing JSON or YAML gives it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
