// JSON whose numbers keep the digits they were written with: nothing agreed is a float.

/** What a reviver is told besides, of a number, a string, a boolean or null: how it was written. */
interface ReviverContext {
  readonly source?: string
}

/** Part of ECMAScript ("JSON.parse source text access") that TypeScript's library does not know yet. */
const parse = JSON.parse as (
  text: string,
  revive: (key: string, value: unknown, context: ReviverContext) => unknown,
) => unknown

/**
 * Parses JSON, every number as the text it was written with.
 *
 * @throws SyntaxError on what is no JSON; RangeError where it is nested too deep
 */
export function parseExactJson(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? source : value,
  )
}

/** Follows a JSON pointer (RFC 6901) through objects and lists; undefined where it leads nowhere. */
export function followPointer(value: unknown, pointer: string): unknown {
  let found = value
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null) return undefined
    if (Array.isArray(found) && !/^(0|[1-9]\d{0,8})$/.test(name)) return undefined
    if (!Object.hasOwn(found, name)) return undefined
    found = (found as Readonly<Record<string, unknown>>)[name]
  }
  return found
}
