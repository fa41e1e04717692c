import { type ParamsProblem, type ProbeKind, parseParams } from '@watchfire/probes'
import { CommandFault, exitCodes } from './command-fault.ts'

/** What a schema says of one parameter, as far as a person wants to know. */
export interface ParamSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly { readonly const?: unknown }[]
  readonly items?: ParamSchema
  readonly minItems?: number
  readonly maxItems?: number
  /** Of an object that has named fields. */
  readonly properties?: Readonly<Record<string, ParamSchema>>
  readonly required?: readonly string[]
}

/** A kind's parameters by name, and which of them have to be given. */
export function listParams(kind: ProbeKind): {
  readonly properties: Readonly<Record<string, ParamSchema>>
  readonly required: readonly string[]
} {
  const schema = kind.params as {
    readonly properties?: Readonly<Record<string, ParamSchema>>
    readonly required?: readonly string[]
  }
  return { properties: schema.properties ?? {}, required: schema.required ?? [] }
}

/**
 * Parameters from a command line: the address in the kind's own terms, `--params` and, over both,
 * each `--param`.
 *
 * @throws CommandFault (2) on what the kind refuses, naming the field
 */
export function readProbeParams(
  kind: ProbeKind,
  address: string | undefined,
  options: { readonly params?: string; readonly param?: readonly string[] },
): object {
  const { properties } = listParams(kind)
  const params: Record<string, unknown> = {
    ...(address === undefined ? {} : readAddress(kind, address)),
    ...readObject(options.params ?? '{}'),
  }
  for (const text of options.param ?? []) {
    const at = text.indexOf('=')
    if (at < 1) throw misuse(`--param ${text}: expected NAME=VALUE`)
    const name = text.slice(0, at)
    params[name] = readValue(text.slice(at + 1), properties[name])
  }
  const parsed = parseParams(kind, params)
  if (!parsed.ok) throw misuse(...parsed.problems.map(formatParamsProblem))
  return parsed.params
}

/** An address for the parameters that the kind has: a URL, a multiaddr, or a host and port. */
function readAddress(kind: ProbeKind, address: string): Record<string, unknown> {
  const { properties } = listParams(kind)
  const { url } = properties
  if (url !== undefined) {
    const scheme = new RegExp(url.pattern ?? '').test('https://example.com/') ? 'https' : 'wss'
    return { url: /^[a-z]+:\/\//i.test(address) ? address : `${scheme}://${address}` }
  }
  if ('multiaddr' in properties) return { multiaddr: address }
  if (!('host' in properties)) {
    throw misuse(`kind ${kind.kind} has no address; give its parameters by --param`)
  }
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(address) ?? /^([^:]+)(?::(\d+))?$/.exec(address)
  if (match === null) return { host: address }
  const [, host, port] = match
  return { host, ...(port === undefined ? {} : { port: Number(port) }) }
}

function readObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw misuse(`--params: no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw misuse('--params: expected an object')
  }
  return value
}

/** Text where the schema wants text; else JSON, so that numbers and lists can be given. */
function readValue(text: string, schema: ParamSchema | undefined): unknown {
  if (schema?.type === 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    // A choice among words needs no quotes; what it cannot be, the schema says.
    return text
  }
}

function formatParamsProblem({ path, expected, got }: ParamsProblem): string {
  const what = got === undefined ? '' : `, got ${got}`
  return `${path.join('.')}: expected ${expected}${what}`
}

function misuse(...lines: readonly string[]): CommandFault {
  return new CommandFault(exitCodes.usage, ...lines)
}
