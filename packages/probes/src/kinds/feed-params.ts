import { type Static, Type } from 'typebox'
import type { ParamsProblem } from '../kind.ts'
import { ethereumParams } from './ethereum.ts'
import { checkHeaders, checkUrl, headersSchema, strictObject } from './schemas.ts'
import { viewParams } from './evm-view.ts'

/** Parameters of all sorts of feed; {@link checkFeed} says which go together. */
export const feedParamsSchema = strictObject({
  feed: Type.Union([Type.Literal('aggregator'), Type.Literal('sequencer'), Type.Literal('pyth')], {
    default: 'aggregator',
    description:
      'Chainlink’s AggregatorV3, its L2 sequencer uptime feed, or a Pyth price by Hermes.',
  }),
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
  ...viewParams,
})
export type FeedParams = Static<typeof feedParamsSchema>

/** What a feed contract needs, once checked. */
export type ContractFeedParams = FeedParams & { readonly chainId: number; readonly address: string }

/** Parameters that one sort of feed needs, and those it has no use for. */
const rules = {
  aggregator: {
    needs: ['chainId', 'address', 'decimals', 'heartbeatMs'],
    lacks: ['priceId', 'graceMs'],
  },
  sequencer: {
    needs: ['chainId', 'address', 'graceMs'],
    lacks: ['priceId', 'decimals', 'scale', 'heartbeatMs'],
  },
  pyth: {
    needs: ['priceId', 'heartbeatMs'],
    lacks: ['chainId', 'address', 'decimals', 'description', 'graceMs'],
  },
} as const

/** What the schema cannot say of a feed. */
export function checkFeed(params: FeedParams): readonly ParamsProblem[] {
  const { needs, lacks } = rules[params.feed]
  const problem = (name: string, code: string, expected: string) => ({
    path: [name],
    code,
    expected,
  })
  return [
    ...checkUrl('url', params.url),
    ...checkHeaders('headers', params.headers),
    ...needs
      .filter((name) => params[name] === undefined)
      .map((name) => problem(name, 'missing-param', `a value, which feed ${params.feed} needs`)),
    ...lacks
      .filter((name) => params[name] !== undefined)
      .map((name) =>
        problem(name, 'unused-param', `nothing: feed ${params.feed} has no use for it`),
      ),
    ...(params.feed === 'pyth' && /^wss?:/i.test(params.url)
      ? [problem('url', 'bad-url', 'an http or https URL, since Hermes is asked by GET')]
      : []),
  ]
}

const SCALE_MAX_DEFAULT = 8

/** Decimal digits of the signal `price`. */
export function getScale({ scale, decimals }: FeedParams): number {
  return scale ?? Math.min(decimals ?? SCALE_MAX_DEFAULT, SCALE_MAX_DEFAULT)
}
