import { type Static, Type } from 'typebox'
import type { KindSignal } from '../../kind.ts'
import { fitsSignal, readDecimal, toScale } from '../../parts/decimal.ts'
import type { Sample } from './exposition.ts'
import { scaleSchema, signalNameSchema, strictObject, unitSchema } from '../../parts/schemas.ts'

/** A metric that becomes a signal. */
export const metricSchema = strictObject({
  signal: signalNameSchema,
  metric: Type.String({ minLength: 1, maxLength: 128, description: 'Name of the metric.' }),
  labels: Type.Record(
    Type.String({ minLength: 1, maxLength: 64 }),
    Type.String({ maxLength: 256 }),
    { default: {}, maxProperties: 16, description: 'Labels that its samples must have.' },
  ),
  take: Type.Union([Type.Literal('value'), Type.Literal('age')], {
    default: 'value',
    description:
      'The value, or how long before the round the time that it names was, in ms; times are ' +
      'Unix seconds, and 0 is no time: the age 0.',
  }),
  reduce: Type.Union([Type.Literal('sum'), Type.Literal('min'), Type.Literal('max')], {
    default: 'sum',
    description: 'What several samples come to.',
  }),
  unit: unitSchema,
  scale: scaleSchema,
  aggregate: Type.Union([Type.Literal('median'), Type.Literal('corroborated')], {
    default: 'median',
  }),
  absent: Type.Optional(
    Type.Integer({ description: 'The signal where no sample is there; left out otherwise.' }),
  ),
})
export type MetricParams = Static<typeof metricSchema>

/** The signal of a metric. */
export function toSignal({
  signal,
  metric,
  take,
  reduce,
  unit,
  scale,
  aggregate,
}: MetricParams): KindSignal {
  const meaning = { sum: 'Sum', min: 'Least', max: 'Greatest' }[reduce]
  return {
    name: signal,
    unit: take === 'age' ? 'ms' : unit,
    scale: take === 'age' ? 0 : scale,
    aggregate,
    meaning: `${meaning} of ${take === 'age' ? 'the ages of the times in ' : ''}${metric}.`,
    optional: true,
  }
}

/** What a metric's samples come to; undefined where none is a number, or 64 bits do not hold it. */
export function reduceSamples(
  params: MetricParams,
  samples: readonly Sample[],
  roundStartMs: number,
): bigint | undefined {
  const own = samples.filter(
    ({ metric, labels }) =>
      metric === params.metric &&
      Object.entries(params.labels).every(([name, value]) => labels.get(name) === value),
  )
  if (own.length === 0) return params.absent === undefined ? undefined : BigInt(params.absent)
  const values = own.flatMap(({ value }) => {
    const decimal = readDecimal(value)
    if (decimal === undefined) return []
    if (params.take === 'value') return [toScale(decimal, params.scale)]
    return decimal.mantissa === 0n ? [0n] : [BigInt(roundStartMs) - toScale(decimal, 3)]
  })
  // Of some a number and of others not: what they come to together is not known.
  if (values.length < own.length) return undefined
  const reduced = values.reduce((one, other) => {
    if (params.reduce === 'sum') return one + other
    return (params.reduce === 'min') === one < other ? one : other
  })
  return fitsSignal(reduced) ? reduced : undefined
}
