import { type Static, Type } from 'typebox'
import type { ParamsProblem, ProbeContext, Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { readDecimal, toScale } from '../../parts/decimal.ts'
import { followPointer, parseExactJson } from '../../parts/exact-json.ts'
import { getBody } from '../../parts/http-get.ts'
import { readTimeMs } from '../../parts/readings.ts'
import {
  checkHeaders,
  checkUrl,
  headersSchema,
  strictObject,
  urlSchema,
} from '../../parts/schemas.ts'

/** A place in a JSON document (RFC 6901). */
const pointerSchema = (description: string) =>
  Type.String({
    pattern: '^(/([ -.0-}]|~[01])*)+$',
    maxLength: 256,
    examples: ['/data/amount'],
    description,
  })

/** A source of a price: an HTTP endpoint that answers with JSON. */
export const sourceSchema = strictObject({
  url: urlSchema,
  headers: headersSchema,
  price: pointerSchema('JSON pointer to the price: a number, or a text that is one.'),
  decimals: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 36,
    description: 'Decimal digits that the number leaves out, where it is a whole one.',
  }),
  time: Type.Optional(
    pointerSchema('JSON pointer to the price’s time: a Unix time, or one of RFC 3339.'),
  ),
  timeUnit: Type.Union([Type.Literal('s'), Type.Literal('ms')], {
    default: 's',
    description: 'Of a Unix time.',
  }),
})
export type SourceParams = Static<typeof sourceSchema>

/** Digits after the point with which prices are compared: beyond those of any that is quoted. */
export const WORKING_SCALE = 36

const BODY_BYTES_MAX = 262_144

/** What the schema cannot say of sources. */
export function checkSources(sources: readonly SourceParams[]): readonly ParamsProblem[] {
  const taken = new Set<string>()
  return sources.flatMap(({ url, headers }, index) => {
    const isTaken = taken.has(url)
    taken.add(url)
    const problems = [...checkUrl('url', url), ...checkHeaders('headers', headers)]
    if (isTaken) {
      // One that is counted twice outvotes another.
      const expected = 'a source that is not there already'
      problems.push({ path: ['url'], code: 'duplicate-source', expected, got: url })
    }
    return problems.map((problem) => ({ ...problem, path: ['sources', index, ...problem.path] }))
  })
}

/** @returns the price, above 0, with {@link WORKING_SCALE} digits after the point */
export async function readSource(
  source: SourceParams,
  ageMsMax: number,
  context: ProbeContext,
): Promise<Step<bigint>> {
  const { url, headers } = source
  const request = { url, headers, accept: 'application/json', bodyBytesMax: BODY_BYTES_MAX }
  const got = await getBody(request, context)
  return got.ok ? readPrice(source, got.value, context.roundStartMs - ageMsMax) : got
}

function readPrice(source: SourceParams, body: Buffer, sinceMs: number): Step<bigint> {
  let document: unknown
  try {
    document = parseExactJson(body.toString('utf8'))
  } catch (error) {
    return stopped(failed('protocol', `no JSON: ${String(error)}`))
  }
  const found = followPointer(document, source.price)
  const decimal = typeof found === 'string' ? readDecimal(found) : undefined
  if (decimal === undefined) return stopped(failed('protocol', `no number at ${source.price}`))
  const decimals = decimal.decimals + source.decimals
  const price = toScale({ mantissa: decimal.mantissa, decimals }, WORKING_SCALE)
  if (price <= 0n) return stopped(failed('content', 'the price is not above 0'))
  if (source.time === undefined) return done(price)
  const timeMs = readMoment(followPointer(document, source.time), source.timeUnit)
  if (timeMs === undefined) return stopped(failed('protocol', `no time at ${source.time}`))
  return timeMs < sinceMs
    ? stopped(failed('stale', `the price is ${sinceMs - timeMs} ms too old`))
    : done(price)
}

function readMoment(value: unknown, unit: 's' | 'ms'): number | undefined {
  if (typeof value !== 'string') return undefined
  const decimal = readDecimal(value)
  if (decimal === undefined) return readTimeMs(value)
  const timeMs = Number(toScale(decimal, unit === 's' ? 3 : 0))
  return Number.isSafeInteger(timeMs) ? timeMs : undefined
}
