import { type Static, Type } from 'typebox'
import type { ParamsProblem } from '../../kind.ts'
import { ethereumParams } from '../evm/ethereum.ts'
import {
  checkHeaders,
  checkUrl,
  headersSchema,
  secretSchema,
  strictObject,
} from '../../parts/schemas.ts'
import { viewParams } from '../evm/evm-view.ts'

/** Parameters that say where a price is read; {@link checkFeedPlace} says which go together. */
export const feedPlaceParams = {
  url: ethereumParams.url,
  headers: headersSchema,
  chainId: Type.Optional(ethereumParams.chainId),
  address: Type.Optional(
    Type.String({
      pattern: '^0x[0-9a-fA-F]{40}$',
      examples: ['0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419'],
      description: 'The feed’s contract.',
    }),
  ),
  decimals: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 36,
      examples: [8],
      description: 'Decimals that the contract must name.',
    }),
  ),
  description: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Text that the contract’s description() must give, such as ETH / USD.',
    }),
  ),
  priceId: Type.Optional(
    Type.String({ pattern: '^(0x)?[0-9a-f]{64}$', description: 'Pyth’s id of the price, in hex.' }),
  ),
  ...viewParams,
}
const feedPlaceSchema = strictObject(feedPlaceParams)
/** Where a price is read. */
export type FeedPlace = Static<typeof feedPlaceSchema>

/** Parameters of all sorts of feed; {@link checkFeed} says which go together. */
export const feedParamsSchema = strictObject({
  feed: Type.Union([Type.Literal('aggregator'), Type.Literal('sequencer'), Type.Literal('pyth')], {
    default: 'aggregator',
    description:
      'Chainlink’s AggregatorV3, its L2 sequencer uptime feed, or a Pyth price by Hermes.',
  }),
  ...feedPlaceParams,
  secret: secretSchema,
  scale: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 18,
      description:
        'Decimal digits of the signal `price`; the lesser of `decimals` and 8 if left out. ' +
        'A price that exceeds 64 bits so is the outcome `content`.',
    }),
  ),
  unit: Type.String({
    default: 'quote',
    pattern: '^[a-z0-9][a-z0-9._-]{0,15}$',
    description: 'What the price is in, such as usd.',
  }),
  heartbeatMs: Type.Optional(
    Type.Integer({
      minimum: 1000,
      maximum: 31_536_000_000,
      examples: [3_600_000],
      description: 'Time within which the feed promises an update, for the default policy.',
    }),
  ),
  graceMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 31_536_000_000,
      description: 'Time after a sequencer’s return in which its chain is not yet to be trusted.',
    }),
  ),
})
export type FeedParams = Static<typeof feedParamsSchema>

/** A sort of feed. */
export type FeedSort = FeedParams['feed']

/** Parameters that one sort of feed needs, and those it has no use for. */
interface Rules<Name extends string> {
  readonly needs: readonly Name[]
  readonly lacks: readonly Name[]
}

const placeRules: Readonly<Record<FeedSort, Rules<keyof FeedPlace>>> = {
  aggregator: { needs: ['chainId', 'address', 'decimals'], lacks: ['priceId'] },
  sequencer: { needs: ['chainId', 'address'], lacks: ['priceId', 'decimals'] },
  pyth: { needs: ['priceId'], lacks: ['chainId', 'address', 'decimals', 'description'] },
}

const rules: Readonly<Record<FeedSort, Rules<keyof FeedParams>>> = {
  aggregator: { needs: ['heartbeatMs'], lacks: ['graceMs'] },
  sequencer: { needs: ['graceMs'], lacks: ['scale', 'heartbeatMs'] },
  pyth: { needs: ['heartbeatMs'], lacks: ['graceMs'] },
}

/** What the schema cannot say of a feed. */
export function checkFeed(params: FeedParams): readonly ParamsProblem[] {
  const { feed } = params
  return [...checkFeedPlace(feed, params), ...checkNames(feed, params, rules[feed])]
}

/** What the schema cannot say of where a feed's price is read. */
export function checkFeedPlace(feed: FeedSort, params: FeedPlace): readonly ParamsProblem[] {
  return [
    ...checkUrl('url', params.url),
    ...checkHeaders('headers', params.headers),
    ...checkNames(feed, params, placeRules[feed]),
    ...(feed === 'pyth' && /^wss?:/i.test(params.url)
      ? [
          {
            path: ['url'],
            code: 'bad-url',
            expected: 'an http or https URL, since Hermes is asked by GET',
          },
        ]
      : []),
  ]
}

function checkNames<Name extends string>(
  feed: FeedSort,
  params: Readonly<Partial<Record<Name, unknown>>>,
  { needs, lacks }: Rules<Name>,
): readonly ParamsProblem[] {
  return [
    ...needs
      .filter((name) => params[name] === undefined)
      .map((name) => ({
        path: [name],
        code: 'missing-param',
        expected: `a value, which feed ${feed} needs`,
      })),
    ...lacks
      .filter((name) => params[name] !== undefined)
      .map((name) => ({
        path: [name],
        code: 'unused-param',
        expected: `nothing: feed ${feed} has no use for it`,
      })),
  ]
}

const SCALE_MAX_DEFAULT = 8

/** Decimal digits of the signal `price`. */
export function getScale({ scale, decimals }: FeedParams): number {
  return scale ?? Math.min(decimals ?? SCALE_MAX_DEFAULT, SCALE_MAX_DEFAULT)
}
