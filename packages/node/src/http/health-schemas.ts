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

// How chains and providers are, and who sees what of a target: what readers make of certified
// states (SPEC 12.1 to 12.3).

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
  advance: nullable(number('What it rose by over the states looked at; null: one state alone')),
  overMs: nullable(integer('Time between those states’ rounds')),
  intervalMs: nullable(number('Mean time for one unit, such as the block interval; null: no rise')),
  advancedAt: nullable(integer('Round of the newest state that has it higher than before')),
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
    description: 'Targets not on a majority’s branch, compared at no later height',
  }),
})

const group = Type.Object({
  id: text('Group, as the manifest names it'),
  standing: literals(
    ['forked', 'advancing', 'still', 'unknown'],
    'forked: its targets disagree on the chain. still: no head rose over the states looked at',
  ),
  words: text('The same for people'),
  heads: Type.Array(headSchema, { description: 'Corroborated heads' }),
  forks: Type.Array(forkSchema),
  signals: Type.Array(
    Type.Object({ ...quantity, targets: integer('Targets that it is the lower median of') }),
    { description: 'Of targets that are on the chain and not down' },
  ),
  targets: Type.Array(Type.Object({ id: text('Target'), verdict: verdictSchema })),
})
export type GroupReading = Static<typeof group>

const lookedAt = nullable(
  Type.Object(
    { from: integer('First height'), to: integer('Last height') },
    { description: 'Certified states that this is computed from: anyone can, from their files' },
  ),
)

export const groupsSchema = withFreshness(
  { groups: Type.Array(group), states: lookedAt, next },
  'How each chain is',
)
export const groupSchema = withFreshness({ group, states: lookedAt }, 'How a chain is')

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
