import { Check, Default, Errors } from 'typebox/value'
import type { ParamsProblem, ProbeKind } from './kind.ts'
import { findCredentials } from './public-params.ts'

/** What parameters came to: completed with the schema's defaults, or what is wrong with them. */
export type ParsedParams =
  | { readonly ok: true; readonly params: object }
  | { readonly ok: false; readonly problems: readonly ParamsProblem[] }

/** Problems shown of one target; one is enough to refuse it. */
const PROBLEMS_MAX = 8

/**
 * Checks parameters against a kind's schema and its own rules, and that they hold no credential.
 * Paths begin with `params`.
 */
export function parseParams(kind: ProbeKind, value: unknown): ParsedParams {
  // First of all: other problems repeat what they found.
  const found = findCredentials(value, ['params'])
  if (found.length > 0) return { ok: false, problems: found.slice(0, PROBLEMS_MAX) }
  const params: unknown = Default(kind.params, structuredClone(value))
  if (!Check(kind.params, params)) {
    const problems = Errors(kind.params, params).map((error) => ({
      path: ['params', ...readPointer(error.instancePath)],
      code: 'bad-params',
      expected: `${error.message} (kind ${kind.kind})`,
    }))
    return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) }
  }
  const problems = kind.check?.(params) ?? []
  return problems.length === 0
    ? { ok: true, params: params as object }
    : {
        ok: false,
        problems: problems.map((problem) => ({ ...problem, path: ['params', ...problem.path] })),
      }
}

/** Parameters of the wire: canonical JSON in bytes (SPEC 4.2). */
export function decodeParams(kind: ProbeKind, bytes: Uint8Array): ParsedParams {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    return {
      ok: false,
      problems: [{ path: ['params'], code: 'bad-params', expected: `JSON: ${String(error)}` }],
    }
  }
  return parseParams(kind, value)
}

/** The parts of a JSON pointer (RFC 6901). */
function readPointer(pointer: string): (string | number)[] {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}
