import type { ParamsProblem } from './kind.ts'

// A manifest is public: whoever can read the feed can read it. What opens a door has no place in it.

/** Headers whose only use is to carry a credential. */
const CREDENTIAL_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'api-key',
  'apikey',
  'x-api-key',
  'x-apikey',
  'x-api-token',
  'x-auth-key',
  'x-auth-token',
  'x-access-token',
  'x-goog-api-key',
  'x-amz-security-token',
])

/** Parameters of a query whose only use is the same. */
const CREDENTIAL_QUERIES = new Set([
  'apikey',
  'api-key',
  'api_key',
  'access_token',
  'auth_token',
  'password',
  'secret',
  'client_secret',
])

const ADVICE = 'in what everybody may read: each operator binds one to the target (docs/probes.md)'

/**
 * Finds credentials in a target's parameters, whatever its kind: a user or password in a URL, a key
 * in its query, a header that authorizes. What was found is not repeated.
 *
 * @returns problems with code `credential`, paths beginning inside the parameters
 */
export function findCredentials(
  value: unknown,
  path: readonly (string | number)[] = [],
): readonly ParamsProblem[] {
  if (typeof value === 'string') {
    const what = findInUrl(value)
    return what === undefined ? [] : [makeProblem(path, what)]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...path, Array.isArray(value) ? Number(name) : name]
    return path.at(-1) === 'headers' && CREDENTIAL_HEADERS.has(name.toLowerCase())
      ? [makeProblem(at, 'header that authorizes')]
      : findCredentials(inner, at)
  })
}

function findInUrl(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'user or password'
  const names = [...url.searchParams.keys()].map((name) => name.toLowerCase())
  return names.some((name) => CREDENTIAL_QUERIES.has(name)) ? 'key in the query' : undefined
}

function makeProblem(path: readonly (string | number)[], what: string): ParamsProblem {
  return { path, code: 'credential', expected: `no ${what} ${ADVICE}` }
}
