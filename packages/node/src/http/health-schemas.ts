import { type Static, Type } from 'typebox'
import {
  hex,
  integer,
  literals,
  next,
  nullable,
  text,
  time,
  verdictSchema,
  withFreshness,
} from './reading-schemas.ts'

// How chains are (SPEC 7.11), and what readers make of certified states: how providers are, and who
// sees what of a target (SPEC 12.1, 12.2).

const number = (description: string) => Type.String({ pattern: '^-?\\d+$', description })

const quantity = {
  name: text('Signal, as the manifest names it'),
  value: number('Signed integer; the number meant is value / 10^scale'),
  scale: integer('Decimal places in value'),
  unit: text('Unit; empty for plain counts'),
  text: text('The number with its unit, for people'),
}

const headSchema = Type.Object({
  ...quantity,
  weight: integer('Weight behind it'),
  intervalUs: nullable(
    integer(
      'Mean time of one unit, such as the block interval, in microseconds; null: unknown yet',
    ),
  ),
  behindMs: nullable(
    integer(
      'How long ago the highest head of its unit was there: of `finalized`, the finality time; null: unknown yet',
    ),
  ),
  risenAt: nullable(integer('Round in which it came to the highest value that it had')),
})

const forkSchema = Type.Object({
  identity: text('Identity that differs'),
  height: integer('At which height'),
  branches: Type.Array(
    Type.Object({ value: hex('What they agree on'), targets: Type.Array(Type.String()) }),
    { description: 'That of most targets first' },
  ),
  majority: nullable(hex('What more than half of those compared agree on; null: nothing')),
  astray: Type.Array(Type.String(), {
    description: 'Targets not on a majority’s branch',
  }),
})

export const groupReadingSchema = Type.Object({
  id: text('Group, as the manifest names it'),
  standing: literals(
    ['forked', 'advancing', 'still', 'unknown'],
    'forked: its targets disagree on the chain. still: no head rose for longer than it takes it to',
  ),
  since: integer('Round since which it stands so'),
  sinceStart: time('When that round began'),
  words: text('The same for people'),
  heads: Type.Array(headSchema, { description: 'Corroborated heads' }),
  forks: Type.Array(forkSchema),
  signals: Type.Array(
    Type.Object({ ...quantity, targets: integer('Targets that it is the lower median of') }),
    { description: 'Of targets that are on the chain and not down' },
  ),
  targets: Type.Array(
    Type.Object({
      id: text('Target'),
      verdict: verdictSchema,
      astray: Type.Boolean({
        description: 'On another chain than most, or nobody knows which is right',
      }),
    }),
  ),
})
export type GroupReading = Static<typeof groupReadingSchema>

export const groupsSchema = withFreshness(
  { groups: Type.Array(groupReadingSchema), next },
  'How each chain is, as the newest certified state says',
)
export const groupSchema = withFreshness(
  { group: groupReadingSchema },
  'How a chain is, as the newest certified state says',
)

const provider = Type.Object({
  id: text('Provider, as the manifest names it'),
  targets: Type.Array(
    Type.Object({
      id: text('Target'),
      verdict: verdictSchema,
      since: nullable(integer('Round since which the verdict holds; null: none yet')),
    }),
  ),
  incident: nullable(
    Type.Object(
      {
        since: integer('Round since which that many are down'),
        sinceStart: time('When that round began'),
        down: Type.Array(Type.String(), { description: 'Targets that are down' }),
        judged: integer('Targets with a verdict'),
        words: text('The same for people'),
      },
      { description: 'At least two of its targets, and half of those with a verdict, are down' },
    ),
  ),
})
export type ProviderReading = Static<typeof provider>

export const providersSchema = withFreshness(
  { providers: Type.Array(provider), next },
  'What each provider runs, and whether much of it is down at once',
)

const place = Type.Object({
  place: text('Region or network; empty for members that name none'),
  sees: literals(
    ['up', 'down', 'disputed', 'unknown'],
    'By the shares of the target’s policy, of this place’s weights alone',
  ),
  reached: integer('Weight that reached it'),
  failed: integer('Weight that failed to'),
  abstained: integer('Weight that could not look'),
})

export const vantageSchema = nullable(
  Type.Object(
    {
      regions: Type.Array(place, { description: 'As certified' }),
      networks: Type.Array(place, { description: 'From the attestations below' }),
      monitors: Type.Array(
        Type.Object({
          monitor: text('Member'),
          weight: integer('Its weight'),
          region: text('Its region'),
          network: text('Its network'),
          operator: text('Its operator'),
          status: literals(['reached', 'failed', 'abstained', 'absent'], 'What it attested'),
          code: nullable(text('Outcome, or why it abstained')),
        }),
        { description: 'What each member attested in this round; see /v1/attestations' },
      ),
      isWhole: Type.Boolean({
        description: 'Whether the attestations held here add up to what is certified',
      }),
    },
    { description: 'Who sees what; null: nothing is certified yet' },
  ),
)
export type VantageReading = Static<typeof vantageSchema>
