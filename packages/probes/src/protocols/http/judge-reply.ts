import { type Static, Type } from 'typebox'
import type { ProbeContext, Step, Stop } from '../../kind.ts'
import { judgeStatus } from '../../net/faults.ts'
import type { HttpReply } from '../../net/http-exchange.ts'
import { findPatterns, patternSchema } from '../../parts/patterns.ts'
import { strictObject } from '../../parts/schemas.ts'
import { done, failed, stopped } from '../../steps.ts'

const headerName = Type.String({
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$",
  description: 'Name of the header.',
})

/** Headers one of whose values must match. */
export const headerMatchesSchema = Type.Optional(
  Type.Array(
    strictObject({
      name: headerName,
      pattern: patternSchema,
      optional: Type.Boolean({ default: false, description: 'Whether it may be missing.' }),
    }),
    { minItems: 1, maxItems: 8, description: 'Headers one of whose values must match.' },
  ),
)

/** Headers none of whose values may match. */
export const headerMatchesNotSchema = Type.Optional(
  Type.Array(strictObject({ name: headerName, pattern: patternSchema }), {
    minItems: 1,
    maxItems: 8,
    description: 'Headers none of whose values may match.',
  }),
)

/** What a healthy answer is like. */
export interface HttpExpectation {
  /** Empty: 200 to 299. */
  readonly status: readonly number[]
  readonly headerMatches?: Static<typeof headerMatchesSchema>
  readonly headerMatchesNot?: Static<typeof headerMatchesNotSchema>
  readonly contains?: string
  readonly bodyMatches?: readonly string[]
  readonly bodyMatchesNot?: readonly string[]
}

/** What is wrong with an answer's status and headers. */
export function judgeHead(
  expected: HttpExpectation,
  reply: HttpReply,
  context: ProbeContext,
): Stop | undefined {
  const { status } = expected
  const isHealthy =
    status.length > 0 ? status.includes(reply.status) : reply.status >= 200 && reply.status <= 299
  if (!isHealthy) return judgeStatus(reply.status)
  for (const { name, pattern, optional } of expected.headerMatches ?? []) {
    const values = reply.getValues(name.toLowerCase())
    const found = searchEach(pattern, values, context)
    if (!found.ok) return found.stop
    if (!found.value && !(optional && values.length === 0)) {
      return failed('content', `header ${name} does not match ${pattern}`)
    }
  }
  for (const { name, pattern } of expected.headerMatchesNot ?? []) {
    const found = searchEach(pattern, reply.getValues(name.toLowerCase()), context)
    if (!found.ok) return found.stop
    if (found.value) return failed('content', `header ${name} matches ${pattern}`)
  }
  return undefined
}

function searchEach(
  pattern: string,
  values: readonly string[],
  context: ProbeContext,
): Step<boolean> {
  return context.compute(() => values.some((value) => findPatterns([pattern], value).size > 0))
}

/** Whether anything is expected of a body. */
export function looksAtBody(expected: HttpExpectation): boolean {
  return (
    expected.contains !== undefined ||
    expected.bodyMatches !== undefined ||
    expected.bodyMatchesNot !== undefined
  )
}

/** What is wrong with a body, from which any coding is undone. */
export function judgeBody(
  { contains, bodyMatches = [], bodyMatchesNot = [] }: HttpExpectation,
  body: Buffer,
  context: ProbeContext,
): Stop | undefined {
  if (contains !== undefined && !body.includes(contains)) {
    return failed('content', 'the text is not in the body')
  }
  const patterns = [...bodyMatches, ...bodyMatchesNot]
  if (patterns.length === 0) return undefined
  const searched = context.compute(() => findPatterns(patterns, body.toString('utf8')))
  if (!searched.ok) return searched.stop
  const missing = bodyMatches.find((_pattern, index) => !searched.value.has(index))
  if (missing !== undefined) return failed('content', `the body does not match ${missing}`)
  const found = bodyMatchesNot.find((_pattern, index) =>
    searched.value.has(bodyMatches.length + index),
  )
  return found === undefined ? undefined : failed('content', `the body matches ${found}`)
}

/** A body as it is judged, which was not to be in any coding. */
export function getPlainBody(reply: HttpReply): Step<Buffer> {
  const coding = reply.headers.get('content-encoding') ?? 'identity'
  return coding === 'identity'
    ? done(reply.body)
    : stopped(failed('protocol', `answered in ${coding}, which was not asked for`))
}
