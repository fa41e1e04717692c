import { outcomeCodes } from './codes.ts'
import type { ProbeKind } from './kind.ts'
import { IDENTIFIER } from './registry.ts'

/** The version of {@link ProbeKind} and of what kinds are given. A package of another is refused. */
export const KIND_INTERFACE = 1

/** Why what a package calls a kind is none; undefined of one that has the shape of a kind. */
export function findKindFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'expected kinds, got something else'
  const kind = value as Partial<Record<keyof ProbeKind, unknown>>
  if (typeof kind.kind !== 'string' || !IDENTIFIER.test(kind.kind)) {
    return `expected an identifier as name of a kind, got ${JSON.stringify(kind.kind)?.slice(0, 80)}`
  }
  const expect = (what: string) => `kind ${String(kind.kind)}: expected ${what}`
  if (typeof kind.summary !== 'string') return expect('a summary')
  if (!isObjectSchema(kind.params)) return expect('the schema of an object as params')
  for (const name of ['signals', 'defaultPolicy', 'probe'] as const) {
    if (typeof kind[name] !== 'function') return expect(`a function ${name}`)
  }
  if (kind.check !== undefined && typeof kind.check !== 'function')
    return expect('check as function')
  if (!isListOfNames(kind.identities)) return expect('identities, each with a name')
  const { outcomes } = kind
  if (!Array.isArray(outcomes) || !outcomes.every((each) => Object.hasOwn(outcomeCodes, each))) {
    return expect(`outcomes among ${Object.keys(outcomeCodes).join(', ')}`)
  }
  return outcomes.includes('timeout') ? undefined : expect('timeout among its outcomes')
}

function isObjectSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'object'
}

function isListOfNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((each: { name?: unknown } | null) => {
      return typeof each?.name === 'string' && IDENTIFIER.test(each.name)
    })
  )
}
