import { fromHex, fromText } from './bytes.ts'
import { isPlainObject } from './canonical-json.ts'
import { makeProblem, type Problem, type ProblemCode } from './problem.ts'

export type Path = readonly (string | number)[]

/** One value of a parsed file, with its place there. */
export interface Field {
  readonly value: unknown
  readonly path: Path
}

const INTEGER = /^-?(0|[1-9][0-9]{0,18})$/
const HEX_BYTES_32 = /^[0-9a-fA-F]{64}$/

/**
 * Reads a parsed file field by field and collects every problem on the way, so that who wrote it
 * learns of all at once. Where a value is unusable a stand-in is given, never to be used: a caller
 * that finds `problems` not empty at the end refuses the whole. Of an object that is none nothing is
 * said but that: what its fields lack would only repeat it.
 */
export class ManifestReader {
  readonly problems: Problem[] = []
  /** Paths, as JSON, of what should be an object and is none. */
  readonly #unusable = new Set<string>()

  report(path: Path, code: ProblemCode, expected: string, got?: unknown): void {
    if (this.#isWithinUnusable(path)) return
    this.problems.push(makeProblem(path, code, expected, got))
  }

  #isWithinUnusable(path: Path): boolean {
    if (this.#unusable.size === 0) return false
    for (let depth = 0; depth <= path.length; depth += 1)
      if (this.#unusable.has(JSON.stringify(path.slice(0, depth)))) return true
    return false
  }

  /** An object with these fields and no others; a missing one is read as undefined. */
  readObject<Name extends string>(field: Field, names: readonly Name[]): Record<Name, Field> {
    const { value, path } = field
    const object = isPlainObject(value) ? value : {}
    if (value === undefined) this.report(path, 'missing', 'an object')
    else if (!isPlainObject(value)) this.report(path, 'wrong-type', 'an object', value)
    if (!isPlainObject(value)) this.#unusable.add(JSON.stringify(path))
    for (const key of Object.keys(object)) {
      if (!names.includes(key as Name)) {
        this.report([...path, key], 'unknown-field', `one of ${names.join(', ')}`, key)
      }
    }
    const fields = names.map((name) => [
      name,
      { value: Object.hasOwn(object, name) ? object[name] : undefined, path: [...path, name] },
    ])
    return Object.fromEntries(fields) as Record<Name, Field>
  }

  /** @param optional whether a missing list is an empty one */
  readList(field: Field, countMax: number, optional = false): Field[] {
    const { value, path } = field
    if (value === undefined && optional) return []
    if (value === undefined) {
      this.report(path, 'missing', 'a list')
      return []
    }
    if (!Array.isArray(value)) {
      this.report(path, 'wrong-type', 'a list', value)
      return []
    }
    if (value.length > countMax) {
      this.report(path, 'too-many', `at most ${countMax} entries`, value.length)
      return []
    }
    return value.map((item: unknown, index) => ({ value: item, path: [...path, index] }))
  }

  /** An integer from 0 to `max`. Narrower rules are those of SPEC 4.4 and checked after. */
  readInteger(field: Field, max: number, fallback?: number): number {
    const { value, path } = field
    if (value === undefined && fallback !== undefined) return fallback
    const expected = `an integer from 0 to ${max}`
    const integer = typeof value === 'bigint' ? Number(value) : value
    if (value === undefined) this.report(path, 'missing', expected)
    else if (typeof integer !== 'number') this.report(path, 'wrong-type', expected, value)
    else if (!Number.isSafeInteger(integer) || integer < 0 || integer > max) {
      this.report(path, 'out-of-range', expected, value)
    } else return integer
    return 0
  }

  /** A signed 64-bit integer: a number, or a decimal string where it exceeds 2^53 (SPEC 4.1). */
  readInt64(field: Field): bigint {
    const { value, path } = field
    const expected = 'an integer of 64 bits, as a decimal string where it exceeds 2^53'
    const integer = toBigint(value)
    if (value === undefined) this.report(path, 'missing', expected)
    else if (integer === undefined) this.report(path, 'wrong-type', expected, value)
    else if (integer !== BigInt.asIntN(64, integer)) {
      this.report(path, 'out-of-range', expected, value)
    } else return integer
    return 0n
  }

  /** Printable ASCII of at most `bytesMax`. */
  readText(field: Field, bytesMax: number, fallback?: string): Uint8Array {
    const { value, path } = field
    const text = value === undefined ? fallback : value
    if (text === undefined) this.report(path, 'missing', 'text')
    else if (typeof text !== 'string') this.report(path, 'wrong-type', 'text', text)
    else if (!/^[\x20-\x7e]*$/.test(text)) {
      this.report(path, 'not-text', 'printable ASCII', text)
    } else if (text.length > bytesMax) {
      this.report(path, 'too-long', `at most ${bytesMax} characters`, text)
    } else return fromText(text)
    return new Uint8Array()
  }

  readHash(field: Field): Uint8Array {
    const { value, path } = field
    const expected = '64 hex digits'
    if (value === undefined) this.report(path, 'missing', expected)
    else if (typeof value !== 'string') this.report(path, 'wrong-type', expected, value)
    else if (!HEX_BYTES_32.test(value)) this.report(path, 'not-hex', expected, value)
    else return fromHex(value)
    return new Uint8Array(32)
  }

  /** The number of one of the names of a closed set. */
  readName(field: Field, codes: Readonly<Record<string, number>>): number {
    const { value, path } = field
    const expected = `one of ${Object.keys(codes).join(', ')}`
    if (value === undefined) this.report(path, 'missing', expected)
    else if (typeof value !== 'string') this.report(path, 'wrong-type', expected, value)
    else {
      const code = Object.hasOwn(codes, value) ? codes[value] : undefined
      if (code !== undefined) return code
      this.report(path, 'unknown-name', expected, value)
    }
    return 0
  }
}

function toBigint(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && INTEGER.test(value) ? BigInt(value) : undefined
}
