import { type Static, Type } from 'typebox'
import type { KindSignal, ParamsProblem, ProbeContext, Step, ThresholdFile } from '../../kind.ts'
import { done, redetail, stopped } from '../../steps.ts'
import { readFeedContract } from './contract-feed.ts'
import { noisyThreshold } from '../../parts/default-policy.ts'
import { fitsSignal, toScale } from '../../parts/decimal.ts'
import { checkFeedPlace, feedPlaceParams } from './feed-params.ts'
import { WORKING_SCALE } from './price-source.ts'
import { readPyth } from './pyth-feed.ts'
import { getDistance } from '../../parts/robust-median.ts'
import { strictObject } from '../../parts/schemas.ts'

/** An oracle whose price is held against the reference. */
export const oracleSchema = strictObject({
  name: Type.String({
    // With what is put behind it, an identifier (SPEC 1).
    pattern: '^[a-z0-9][a-z0-9._-]{0,21}$',
    description: 'Begins the names of its signals.',
  }),
  feed: Type.Union([Type.Literal('aggregator'), Type.Literal('pyth')], {
    default: 'aggregator',
    description: 'Chainlink’s AggregatorV3, or a Pyth price by Hermes.',
  }),
  ...feedPlaceParams,
  deviationBpMax: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 10_000,
    description:
      'Basis points that it may be away from the reference, for the default policy; at least those ' +
      'at which it promises an update.',
  }),
})
export type OracleParams = Static<typeof oracleSchema>

/** Beyond so many times its bound an oracle is down: no delay explains it, only a wrong price. */
const DOWN_FACTOR = 4
const SCALE = 2
const PARTS_PER_BP = 10 ** SCALE

/** Names of an oracle's signals. */
export function nameSignals({ name }: OracleParams): { price: string; deviation: string } {
  return { price: `${name}-price`, deviation: `${name}-deviation` }
}

/** Signals of an oracle. */
export function oracleSignals(
  oracle: OracleParams,
  unit: string,
  scale: number,
): readonly KindSignal[] {
  const { price, deviation } = nameSignals(oracle)
  return [
    {
      name: price,
      unit,
      scale,
      aggregate: 'median',
      meaning: `What ${oracle.name} says, cut to the scale towards 0.`,
      optional: true,
    },
    {
      name: deviation,
      unit: 'bp',
      scale: SCALE,
      aggregate: 'median',
      meaning: `How far ${oracle.name} is from the reference, either way, as a share of that.`,
      optional: true,
    },
  ]
}

/** The default policy of an oracle: the gravest is the first that is named. */
export function oracleThresholds(oracle: OracleParams): readonly ThresholdFile[] {
  const signal = nameSignals(oracle).deviation
  const above = oracle.deviationBpMax * PARTS_PER_BP
  return [noisyThreshold(signal, above * DOWN_FACTOR, 'down'), noisyThreshold(signal, above)]
}

/** What the schema cannot say of oracles. */
export function checkOracles(oracles: readonly OracleParams[]): readonly ParamsProblem[] {
  return oracles.flatMap((oracle, index) =>
    checkFeedPlace(oracle.feed, oracle).map((problem) => ({
      ...problem,
      path: ['oracles', index, ...problem.path],
    })),
  )
}

/**
 * @returns the price with {@link WORKING_SCALE} digits after the point, whatever it is: to one who
 * acts on it 0 is as wrong a price as any
 */
export async function readOracle(
  oracle: OracleParams,
  context: ProbeContext,
): Promise<Step<bigint>> {
  if (oracle.feed === 'pyth') {
    const read = await readPyth(oracle, context)
    if (!read.ok) return read
    const { price: mantissa, decimals } = read.value
    return done(toScale({ mantissa, decimals }, WORKING_SCALE))
  }
  const read = await readFeedContract(oracle, context)
  if (!read.ok) return read
  const { answer: mantissa } = read.value.round
  return done(toScale({ mantissa, decimals: oracle.decimals ?? 0 }, WORKING_SCALE))
}

const INT64_MAX = 2n ** 63n - 1n

/** What oracles say, as signals. One that cannot be read is left out; without any, that is the end. */
export function compareOracles(
  { oracles, scale }: { readonly oracles: readonly OracleParams[]; readonly scale: number },
  steps: readonly Step<bigint>[],
  reference: bigint,
): Step<Record<string, bigint>> {
  if (oracles.length === 0) return done({})
  const stops = steps.flatMap((step, index) =>
    step.ok ? [] : [redetail(step.stop, `${oracles[index]?.name}: ${step.stop.detail}`)],
  )
  // It would count as one that cannot be read, though it is this machine that could not.
  const own = stops.find(({ status }) => status === 'abstained')
  if (own !== undefined) return stopped(own)
  const [first] = stops
  if (first !== undefined && stops.length === oracles.length) return stopped(first)
  const signals: Record<string, bigint> = { oracles: BigInt(oracles.length - stops.length) }
  for (const [index, oracle] of oracles.entries()) {
    const step = steps[index]
    if (step?.ok !== true) continue
    const names = nameSignals(oracle)
    const price = toScale({ mantissa: step.value, decimals: WORKING_SCALE }, scale)
    if (fitsSignal(price)) signals[names.price] = price
    const deviation = getDistance(step.value, reference)
    signals[names.deviation] = deviation > INT64_MAX ? INT64_MAX : deviation
  }
  return done(signals)
}
