import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'

// The parts that answers are made of (schemas.ts): their schemas and their types.
// Integers beyond 2^53 − 1 (signal values) are strings; times are RFC 3339 in UTC.

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const literals = <const T extends readonly string[]>(names: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...names], description })
export const integer = (description: string) => Type.Integer({ minimum: 0, description })
export const text = (description: string) => Type.String({ description })
export const hex = (description: string) =>
  Type.String({ pattern: '^([0-9a-f]{2})*$', description })
export const base64 = (description: string) =>
  Type.String({ contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$', description })
export const time = (description: string) => Type.String({ format: 'date-time', description })

export const verdictSchema = literals(
  ['none', 'up', 'degraded', 'disputed', 'down', 'unknown'],
  'What the committee agreed on; none before the first round that covers the target',
)

const observedSchema = Type.Object(
  {
    weight: integer('Weight that reached the target or failed to; the least over all targets'),
    weightTotal: integer('Weight of the whole committee'),
  },
  { description: 'How much of the committee observed' },
)

const agreementSchema = Type.Object(
  {
    status: literals(
      ['ok', 'waiting', 'stalled', 'halted'],
      'waiting: too few members are heard. stalled: enough are, and yet nothing is certified. halted: this node stopped voting',
    ),
    words: text('The same for people'),
    weightHeard: integer('Weight of the members heard lately'),
    quorum: integer('Weight that decides'),
    silent: Type.Array(Type.String(), { description: 'Members not heard lately' }),
  },
  { description: 'Whether agreement is forming now, as this node sees it' },
)

/** Carried by every answer, so that a machine sees how old the news is (SPEC 9.5). */
export const freshness = {
  network: hex('Network id: the hash of the manifest'),
  height: nullable(integer('Height of the certificate this rests on; null: none yet')),
  round: nullable(integer('Round of that certificate')),
  roundStart: nullable(time('When that round began')),
  since: nullable(integer('Round since which what is told here has not changed')),
  sinceStart: nullable(time('When that round began')),
  validUntil: nullable(time('After this, what is told here is stale')),
  stale: Type.Boolean({
    description: 'Whether validUntil had passed when this was answered, by this node’s clock',
  }),
  observed: nullable(observedSchema),
  agreement: agreementSchema,
}
export const freshnessSchema = Type.Object(freshness)
export type Freshness = Static<typeof freshnessSchema>

export const withFreshness = <T extends TProperties>(
  properties: T,
  description: string,
): TObject<typeof freshness & T> => Type.Object({ ...freshness, ...properties }, { description })

export const next = nullable(text('Cursor of the next page; null: this is the last'))

export const referenceSchema = nullable(
  Type.Object({
    kind: literals(['height', 'time'], 'What the observers looked at'),
    value: integer('A block height, or a time in ms since 1970'),
  }),
)

export const signalSchema = Type.Object({
  name: text('Signal, as the manifest names it'),
  value: Type.String({
    pattern: '^-?\\d+$',
    description: 'Signed 64-bit integer; the number meant is value / 10^scale',
  }),
  scale: integer('Decimal places in value'),
  unit: text('Unit; empty for plain counts'),
  decimal: text('The number meant, in decimal'),
  text: text('The number with its unit, for people'),
  weight: nullable(integer('Weight behind it; null in one member’s own observation')),
})
export type SignalReading = Static<typeof signalSchema>

export const identitySchema = Type.Object({
  name: text('Identity, as the manifest names it'),
  value: hex('Its bytes'),
  weight: nullable(integer('Weight behind it; null in one member’s own observation')),
})
export type IdentityReading = Static<typeof identitySchema>

const reasonSchema = nullable(
  Type.Object({
    kind: literals(['outcome', 'threshold', 'share', 'observers', 'vantage', 'astray'], 'SPEC 7.7'),
    code: nullable(text('The outcome, or the signal whose threshold holds')),
    words: text('The same for people'),
  }),
)
export type ReasonReading = Static<typeof reasonSchema>

export const target = {
  id: text('Target, as the manifest names it'),
  kind: text('Kind of probe'),
  group: nullable(text('Group that shares a head')),
  provider: nullable(text('Who runs it')),
  shard: integer('Shard of the target'),
  verdict: verdictSchema,
  since: nullable(integer('Round since which the verdict holds; null: none yet')),
  sinceStart: nullable(time('When that round began')),
  reason: reasonSchema,
  pending: nullable(
    Type.Object(
      {
        towards: verdictSchema,
        rounds: integer('Rounds that said so in a row'),
        needed: integer('Rounds the policy wants'),
      },
      { description: 'A change that hysteresis still holds back' },
    ),
  ),
  observed: Type.Object({
    reached: integer('Weight that reached it'),
    failed: integer('Weight that failed to'),
    abstained: integer('Weight that could not look'),
    absent: integer('Weight that said nothing'),
    weightTotal: integer('Weight of the whole committee'),
  }),
  astray: Type.Boolean({
    description:
      'Whether it is on another chain than most of its group, or nobody knows which is right',
  }),
  outcome: nullable(text('Failure that most of the observing weight saw')),
  reference: referenceSchema,
  signals: Type.Array(signalSchema),
  identities: Type.Array(identitySchema),
  vantages: Type.Array(
    Type.Object({
      region: text('Region of the members'),
      reached: integer('Weight that reached it'),
      failed: integer('Weight that failed to'),
      abstained: integer('Weight that could not look'),
    }),
  ),
}
export const targetReadingSchema = Type.Object(target)
export type TargetReading = Static<typeof targetReadingSchema>

export const definition = {
  timeoutMs: integer('Deadline of a probe'),
  params: Type.Unknown({ description: 'Parameters of the probe' }),
  policy: Type.Object({
    reachedMin: integer('Per mille of observing weight that must reach it'),
    failedMin: integer('Per mille of observing weight whose failure makes it down'),
    fallRounds: integer('Rounds before a worse verdict holds'),
    riseRounds: integer('Rounds before a better verdict holds'),
    regionsMin: integer('Distinct regions that must fail'),
    networksMin: integer('Distinct networks that must fail'),
    operatorsMin: integer('Distinct operators that must fail'),
    astray: literals(['none', 'degraded', 'down'], 'Verdict on another chain than its group'),
    thresholds: Type.Array(
      Type.Object({
        signal: text('Signal'),
        op: literals(['above', 'below', 'lag'], 'When it holds'),
        value: Type.String({ pattern: '^-?\\d+$', description: 'Bound, in the signal’s scale' }),
        text: text('Bound with its unit, for people'),
        clear: Type.String({
          pattern: '^-?\\d+$',
          description: 'Once it holds: where it ends to, in the signal’s scale',
        }),
        clearText: text('The same with its unit, for people'),
        severity: literals(['degraded', 'down'], 'Verdict while it holds'),
      }),
    ),
  }),
}
export const targetDefinitionSchema = Type.Object(definition)
export type TargetDefinition = Static<typeof targetDefinitionSchema>

const certificateSummary = {
  epoch: integer('Epoch'),
  height: integer('Height'),
  round: integer('Round it covers'),
  roundStart: time('When that round began'),
  parentRound: integer('Round of the certificate before it'),
  gap: nullable(
    Type.Object(
      { from: integer('First round'), to: integer('Last round'), rounds: integer('How many') },
      { description: 'Rounds before this one that no certificate covers' },
    ),
  ),
  view: integer('View whose votes made it final'),
  descendants: integer('Headers between it and the one that was signed'),
  headerDigest: hex('Digest of the header'),
  parent: hex('Digest of the parent’s header'),
  stateRoot: hex('Root of the state'),
  body: hex('Hash of the body: the attestations it rests on'),
  signers: Type.Array(Type.String(), { description: 'Members that signed, ascending' }),
  weight: integer('Their weight'),
  quorum: integer('Weight that decides'),
  weightTotal: integer('Weight of the committee'),
  committee: integer('Members of the committee'),
}
export const certificateSummarySchema = Type.Object(certificateSummary)
export type CertificateSummary = Static<typeof certificateSummarySchema>
