import * as AbiFunction from 'ox/AbiFunction'
import * as AbiParameters from 'ox/AbiParameters'
import type { Step } from '../../kind.ts'
import { describeError, done, failed, stopped } from '../../steps.ts'

// A function of a contract, by its signature as people write it.

/** An input or output, as the ABI names it. */
interface Parameter {
  readonly type: string
  readonly name?: string | undefined
  readonly components?: readonly Parameter[]
}

/** Its own type reads a signature that is known when it is compiled. */
const parse = AbiFunction.from as (signature: string) => AbiFunction.AbiFunction

/** A call by a signature, ready to be made. */
export interface FunctionCall {
  readonly data: string
  /** @returns the output chosen: a number, 1 for true, 0 for false, how many a list holds */
  read(bytes: Uint8Array): Step<bigint>
}

/** The call, or why the signature, the arguments or the output do not make one. */
export type ParsedFunction =
  | { readonly ok: true; readonly call: FunctionCall }
  | {
      readonly ok: false
      readonly field: 'function' | 'args' | 'output'
      readonly expected: string
    }

/** An output inside of others: its type, and its place on each level. */
interface OutputPath {
  readonly type: string
  readonly places: readonly number[]
}

/**
 * @param signature - such as `utilization(address pool) view returns (uint256)`
 * @param args - numbers, addresses, bytes and truths as text
 * @param output - places or names on the way to the output, with points between
 */
export function parseFunction(
  signature: string,
  args: readonly string[],
  output: string,
): ParsedFunction {
  const refuse = (field: 'function' | 'args' | 'output', expected: string) => ({
    ok: false as const,
    field,
    expected,
  })
  let inputs: readonly Parameter[]
  let outputs: readonly Parameter[]
  let parsed: AbiFunction.AbiFunction
  try {
    parsed = parse(`function ${signature.replace(/^function\s+/, '')}`)
    inputs = parsed.inputs
    outputs = parsed.outputs.map(dropNames)
  } catch (error) {
    return refuse(
      'function',
      `a signature such as queue(address) view returns (uint256): ${brief(error)}`,
    )
  }
  if (args.length !== inputs.length) return refuse('args', `${inputs.length} arguments`)
  const values: unknown[] = []
  for (const [index, { type }] of inputs.entries()) {
    const value = readArgument(type, args[index] ?? '')
    if (value === undefined) return refuse('args', `argument ${index} to be ${type} as text`)
    values.push(value)
  }
  const path = findOutput(parsed.outputs, output)
  if (path === undefined) {
    return refuse('output', 'the place or name of a number, a truth or a list among the outputs')
  }
  let data: string
  try {
    data = AbiFunction.encodeData(parsed, values as never)
  } catch (error) {
    return refuse('args', `arguments that can be encoded: ${brief(error)}`)
  }
  return { ok: true, call: { data, read: (bytes) => readOutput(outputs, path, bytes) } }
}

function readArgument(type: string, text: string): unknown {
  if (/^u?int\d*$/.test(type)) {
    const isNumber = /^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text)
    return isNumber && inRange(BigInt(text), type) ? BigInt(text) : undefined
  }
  if (type === 'address') return /^0x[0-9a-fA-F]{40}$/.test(text) ? text.toLowerCase() : undefined
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : undefined
  if (type === 'string') return text
  const [, size] = /^bytes(\d*)$/.exec(type) ?? []
  if (size === undefined || !/^0x([0-9a-fA-F]{2})*$/.test(text)) return undefined
  return size === '' || text.length === 2 + 2 * Number(size) ? text : undefined
}

/** Follows a path through tuples by place or name, and through lists by place. */
function findOutput(outputs: readonly Parameter[], path: string): OutputPath | undefined {
  let inside: readonly Parameter[] | undefined = outputs
  let found: Parameter | undefined
  const places: number[] = []
  for (const part of path.split('.')) {
    const isPlace = /^(0|[1-9]\d{0,3})$/.test(part)
    if (inside !== undefined) {
      const place: number = isPlace ? Number(part) : inside.findIndex(({ name }) => name === part)
      found = inside[place]
      places.push(place)
    } else {
      const item = found === undefined ? undefined : getItem(found)
      if (item === undefined || !isPlace) return undefined
      found = item
      places.push(Number(part))
    }
    if (found === undefined) return undefined
    inside = found.type === 'tuple' ? (found.components ?? []) : undefined
  }
  if (found === undefined) return undefined
  const isValue = /^(u?int\d*|bool)$/.test(found.type) || getItem(found) !== undefined
  return isValue ? { type: found.type, places } : undefined
}

/** What a list is of. */
function getItem(list: Parameter): Parameter | undefined {
  const type = /^(.+)\[\d*\]$/.exec(list.type)?.[1]
  return type === undefined ? undefined : { ...list, type }
}

/** So that tuples are decoded as lists: of two fields with one name only the last would be there. */
function dropNames({ type, components }: Parameter): Parameter {
  return components === undefined ? { type } : { type, components: components.map(dropNames) }
}

function readOutput(
  outputs: readonly Parameter[],
  { type, places }: OutputPath,
  bytes: Uint8Array,
): Step<bigint> {
  let value: unknown
  try {
    value = AbiParameters.decode(outputs, bytes)
  } catch (error) {
    return stopped(failed('content', `not what the signature returns: ${brief(error)}`))
  }
  for (const place of places) value = Array.isArray(value) ? (value[place] as unknown) : undefined
  if (Array.isArray(value)) return done(BigInt(value.length))
  if (typeof value === 'boolean') return done(value ? 1n : 0n)
  // The library gives small types as numbers; of a word that exceeds its type they are not exact.
  const number = Number.isSafeInteger(value) ? BigInt(value as number) : value
  return typeof number === 'bigint' && inRange(number, type)
    ? done(number)
    : stopped(failed('content', `no ${type} at ${places.join('.')}`))
}

function inRange(value: bigint, type: string): boolean {
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 256)
  return type.startsWith('u')
    ? BigInt.asUintN(bits, value) === value
    : BigInt.asIntN(bits, value) === value
}

/** The first line: the library goes on with where to read more. */
function brief(error: unknown): string {
  return describeError(error).split('\n')[0] ?? ''
}
