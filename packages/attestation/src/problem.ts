/** What can be wrong with a manifest, or with a committee or parameters handed over (SPEC 4.4). */
export type ProblemCode =
  | 'missing'
  | 'unknown-field'
  | 'wrong-type'
  | 'out-of-range'
  | 'too-few'
  | 'too-many'
  | 'too-long'
  | 'not-text'
  | 'not-an-identifier'
  | 'not-hex'
  | 'unknown-name'
  | 'duplicate'
  | 'unordered'
  | 'bad-key'
  | 'heavy-member'
  | 'bad-params'
  | 'bad-threshold'
  | 'bad-clear'
  | 'no-targets'
  | 'unreachable-vantage'

/** One finding: where in the file, what was expected there, and what was found. */
export interface Problem {
  /** Field names and list positions from the top, as the file has them. */
  readonly path: readonly (string | number)[]
  readonly code: ProblemCode
  readonly expected: string
  /** What is there, cut short where it is long; absent where nothing is there. */
  readonly got?: string
}

const GOT_LENGTH_MAX = 80

/** A problem in one line: `committee[2].weight: expected an integer from 1 to 4294967296, got 0`. */
export function formatProblem({ path, expected, got }: Problem): string {
  let where = ''
  for (const step of path) {
    if (typeof step === 'number') where += `[${step}]`
    else where += where === '' ? step : `.${step}`
  }
  const found = got === undefined ? '' : `, got ${got}`
  return `${where === '' ? 'manifest' : where}: expected ${expected}${found}`
}

/** @returns the problem, with what was found in words short enough for one line */
export function makeProblem(
  path: readonly (string | number)[],
  code: ProblemCode,
  expected: string,
  got?: unknown,
): Problem {
  return got === undefined ? { path, code, expected } : { path, code, expected, got: describe(got) }
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  switch (typeof value) {
    case 'string': {
      const quoted = JSON.stringify(value)
      return quoted.length <= GOT_LENGTH_MAX ? quoted : `${quoted.slice(0, GOT_LENGTH_MAX)}…`
    }
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      return 'an object'
    default:
      return typeof value
  }
}
