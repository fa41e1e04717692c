import { type Static, Type } from 'typebox'
import {
  type AskedPart,
  defineKind,
  type KindSignal,
  type ParamsProblem,
  type ProbeAnswer,
  type ProbeContext,
} from '../kind.ts'
import { failed } from '../steps.ts'
import { medianSignal } from '../parts/chain-params.ts'
import { fitsSignal, toScale } from '../parts/decimal.ts'
import { makePolicy, noisyThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import {
  checkOracles,
  compareOracles,
  nameSignals,
  oracleSchema,
  oracleSignals,
  oracleThresholds,
  readOracle,
} from '../protocols/prices/price-oracle.ts'
import {
  checkSources,
  readSource,
  sourceSchema,
  WORKING_SCALE,
} from '../protocols/prices/price-source.ts'
import { makeBitmap } from '../parts/readings.ts'
import { getReference } from '../protocols/prices/reference-price.ts'
import { secretSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const SOURCES_MIN = 3
const SOURCES_MAX = 8
const ORACLES_MAX = 4

const paramsSchema = strictObject({
  sources: Type.Array(sourceSchema, {
    minItems: SOURCES_MIN,
    maxItems: SOURCES_MAX,
    examples: [
      [
        { url: 'https://api.coinbase.com/v2/prices/ETH-USD/spot', price: '/data/amount' },
        {
          url: 'https://api.kraken.com/0/public/Ticker?pair=ETHUSD',
          price: '/result/XETHZUSD/c/0',
        },
        {
          url: 'https://www.bitstamp.net/api/v2/ticker/ethusd/',
          price: '/last',
          time: '/timestamp',
        },
      ],
    ],
    description: 'Who is asked for the price; their independence of one another is yours to judge.',
  }),
  sourcesMin: Type.Integer({
    default: 2,
    minimum: 2,
    maximum: SOURCES_MAX,
    description: 'Sources that must count; with fewer there is no reference.',
  }),
  outlierBpMax: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 5000,
    description: 'Basis points from the median of all sources within which one counts.',
  }),
  sourceAgeMsMax: Type.Integer({
    default: 60_000,
    minimum: 1000,
    maximum: 86_400_000,
    description: 'Age of a price whose source tells its time, beyond which it does not count.',
  }),
  spreadBpMax: Type.Integer({
    default: 50,
    minimum: 1,
    maximum: 10_000,
    description: 'Basis points that sources may be apart, for the default policy.',
  }),
  oracles: Type.Array(oracleSchema, {
    default: [],
    maxItems: ORACLES_MAX,
    examples: [
      [
        {
          name: 'chainlink',
          url: 'https://example.com/',
          chainId: 1,
          address: '0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419',
          decimals: 8,
        },
      ],
    ],
    description: 'Oracles of the same pair, whose deviation from the reference is told.',
  }),
  secret: secretSchema,
  unit: Type.String({
    default: 'quote',
    pattern: '^[a-z0-9][a-z0-9._-]{0,15}$',
    description: 'What the price is in, such as usd.',
  }),
  scale: Type.Integer({
    default: 8,
    minimum: 0,
    maximum: 18,
    description:
      'Decimal digits of prices. One that exceeds 64 bits so is the outcome `content`, and of an ' +
      'oracle left out.',
  }),
})
type Params = Static<typeof paramsSchema>

/** Of the time that there is, what sources and oracles get; the rest is left to say what came of it. */
const CUT_OFF_PARTS = 4

/** Whether oracles say what the market does: a wrong price is as bad as a dead feed. */
export const priceReferenceKind = defineKind({
  kind: 'price-reference',
  summary: 'Independent sources agree on a price, and oracles do not deviate from it.',
  params: paramsSchema,
  check: (params) => [
    ...checkSources(params.sources),
    ...checkOracles(params.oracles),
    ...checkCounts(params),
    ...checkNames(params),
  ],
  signals: listSignals,
  identities: [
    {
      name: 'left-out-set',
      meaning: 'Sources that do not count: bit i % 8 of byte i / 8 is source i.',
    },
  ],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content', 'stale', 'reverted'],
  // What is slow is left out, so how long the others took says nothing of the price.
  defaultPolicy: ({ oracles, spreadBpMax }) =>
    makePolicy([
      ...oracles.flatMap(oracleThresholds),
      ...(oracles.length === 0
        ? []
        : [{ signal: 'oracles', below: oracles.length, severity: 'degraded' } as const]),
      noisyThreshold('spread', spreadBpMax * 100),
    ]),
  probe,
})

function listSignals({ oracles, unit, scale }: Params): readonly KindSignal[] {
  return [
    latencySignal('From the first packet to the last answer that was in time.'),
    {
      name: 'reference-price',
      unit,
      scale,
      aggregate: 'median',
      meaning: 'The median of the sources that count, cut to the scale towards 0.',
    },
    medianSignal('sources', 'sources', 'Sources that count.'),
    medianSignal('outliers', 'sources', 'Sources too far from the median of all to count.'),
    {
      name: 'spread',
      unit: 'bp',
      scale: 2,
      aggregate: 'median',
      meaning: 'From the least to the greatest source that counts, as a share of the reference.',
    },
    ...(oracles.length === 0
      ? []
      : [medianSignal('oracles', 'oracles', 'Oracles that could be read.')]),
    ...oracles.flatMap((oracle) => oracleSignals(oracle, unit, scale)),
  ]
}

function checkCounts({ sources, sourcesMin }: Params): readonly ParamsProblem[] {
  const expected = `no more than the ${sources.length} sources there are`
  return sourcesMin <= sources.length
    ? []
    : [{ path: ['sourcesMin'], code: 'too-few-sources', expected, got: String(sourcesMin) }]
}

function checkNames(params: Params): readonly ParamsProblem[] {
  const taken = new Set(listSignals({ ...params, oracles: [] }).map(({ name }) => name))
  return params.oracles.flatMap((oracle, index) => {
    const { price, deviation } = nameSignals(oracle)
    const isTaken = taken.has(price)
    taken.add(price).add(deviation)
    const path = ['oracles', index, 'name']
    return isTaken
      ? [{ path, code: 'duplicate-signal', expected: 'another name', got: oracle.name }]
      : []
  })
}

/** Everything is asked at one moment: of prices that move, one that is read later is another one. */
async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const leftMs = context.deadlineMs - context.nowMs()
  const budgetMs = Math.max(1, Math.floor((leftMs * (CUT_OFF_PARTS - 1)) / CUT_OFF_PARTS))
  const [sources, oracles] = await Promise.all([
    Promise.all(
      params.sources.map((source) =>
        context.askPart(budgetMs, (part) => readSource(source, params.sourceAgeMsMax, part)),
      ),
    ),
    Promise.all(
      params.oracles.map((oracle) => context.askPart(budgetMs, (part) => readOracle(oracle, part))),
    ),
  ])
  takePhases(context, [...sources, ...oracles])
  const latency = context.phases.latencyUs()
  const reference = getReference(
    params,
    sources.map(({ step }) => step),
  )
  if (!reference.ok) return reference.stop
  const { median, spread, kept, outliers } = reference.value
  const price = toScale({ mantissa: median, decimals: WORKING_SCALE }, params.scale)
  if (!fitsSignal(price))
    return failed('content', `price ${price} exceeds 64 bits; lower its scale`)
  const deviations = compareOracles(
    params,
    oracles.map(({ step }) => step),
    median,
  )
  if (!deviations.ok) return deviations.stop
  return {
    status: 'reached',
    signals: {
      latency,
      'reference-price': price,
      sources: BigInt(kept.length),
      outliers: BigInt(outliers),
      spread,
      ...deviations.value,
    },
    identities: {
      'left-out-set': makeBitmap(params.sources.length, (index) => !kept.includes(index)),
    },
  }
}

/** What was waited for is the slowest of those that answered; where none did, of all. */
function takePhases({ phases }: ProbeContext, parts: readonly AskedPart<unknown>[]): void {
  const answered = parts.filter(({ step }) => step.ok)
  const list = (answered.length === 0 ? parts : answered).map((part) => part.phases)
  const getTime = (one: (typeof list)[number]) => one.reduce((sum, { us }) => sum + us, 0)
  const slowest = list.reduce((one, other) => (getTime(other) > getTime(one) ? other : one))
  phases.append(slowest)
}
