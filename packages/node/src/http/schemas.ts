import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'

// The shapes of every answer: what OpenAPI shows, what is serialized, and what the types are.
// Integers beyond 2^53 − 1 (signal values) are strings; times are RFC 3339 in UTC.

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const literals = <const T extends readonly string[]>(names: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...names], description })
const integer = (description: string) => Type.Integer({ minimum: 0, description })
const text = (description: string) => Type.String({ description })
const hex = (description: string) => Type.String({ pattern: '^([0-9a-f]{2})*$', description })
const base64 = (description: string) =>
  Type.String({ contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$', description })
const time = (description: string) => Type.String({ format: 'date-time', description })

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
const freshness = {
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

const withFreshness = <T extends TProperties>(
  properties: T,
  description: string,
): TObject<typeof freshness & T> => Type.Object({ ...freshness, ...properties }, { description })

const next = nullable(text('Cursor of the next page; null: this is the last'))

const referenceSchema = nullable(
  Type.Object({
    kind: literals(['height', 'time'], 'What the observers looked at'),
    value: integer('A block height, or a time in ms since 1970'),
  }),
)

const signalSchema = Type.Object({
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

const identitySchema = Type.Object({
  name: text('Identity, as the manifest names it'),
  value: hex('Its bytes'),
  weight: nullable(integer('Weight behind it; null in one member’s own observation')),
})
export type IdentityReading = Static<typeof identitySchema>

const reasonSchema = nullable(
  Type.Object({
    kind: literals(['outcome', 'threshold', 'share', 'observers', 'vantage'], 'SPEC 7.7'),
    code: nullable(text('The outcome, or the signal whose threshold holds')),
    words: text('The same for people'),
  }),
)
export type ReasonReading = Static<typeof reasonSchema>

const target = {
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

const definition = {
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
    thresholds: Type.Array(
      Type.Object({
        signal: text('Signal'),
        op: literals(['above', 'below', 'lag'], 'When it holds'),
        value: Type.String({ pattern: '^-?\\d+$', description: 'Bound, in the signal’s scale' }),
        text: text('Bound with its unit, for people'),
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

export const networkSchema = withFreshness(
  {
    id: hex('Network id'),
    name: text('Name of the network'),
    manifest: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'The manifest in its file form; trust it by its id only',
    }),
  },
  'The network this node belongs to',
)

export const stateSchema = withFreshness(
  {
    certificate: certificateSummarySchema,
    verdicts: Type.Object(
      {
        none: integer(''),
        up: integer(''),
        degraded: integer(''),
        disputed: integer(''),
        down: integer(''),
        unknown: integer(''),
      },
      { description: 'Targets by verdict' },
    ),
    excluded: Type.Array(
      Type.Object({ monitor: Type.String(), round: integer('Round of its exclusion') }),
      { description: 'Members that signed two things for one place' },
    ),
    targets: Type.Array(targetReadingSchema),
    groups: Type.Array(
      Type.Object({
        id: Type.String(),
        heads: Type.Array(
          Type.Object({
            name: text('Signal'),
            value: Type.String({ pattern: '^-?\\d+$' }),
            weight: integer('Weight behind it'),
          }),
        ),
      }),
      { description: 'On the first page' },
    ),
    next,
  },
  'An agreed state',
)
export type StateAnswer = Static<typeof stateSchema>

export const certificateSchema = withFreshness(
  {
    certificate: certificateSummarySchema,
    targets: Type.Record(Type.String(), verdictSchema, { description: 'Verdict by target' }),
    bytes: integer('Length of the certificate file'),
  },
  'A certificate, for people. The bytes that prove it are the same address as application/octet-stream',
)

export const proofSchema = withFreshness(
  {
    target: targetReadingSchema,
    index: integer('Index of the target in the parameters'),
    certificate: base64('ssz(Certificate)'),
    leaf: base64('ssz(TargetState)'),
    branch: Type.Array(hex('Sibling'), {
      description: 'The 17 siblings from leaf to root (SPEC 7.10)',
    }),
  },
  'One target with the proof that it is in the certified state',
)

export const targetsSchema = withFreshness(
  { targets: Type.Array(Type.Object({ ...target, ...definition })), next },
  'The targets, what is asked of them, and what was last agreed on',
)

export const targetSchema = withFreshness(
  { target: Type.Object({ ...target, ...definition }) },
  'A target, what is asked of it, and what was last agreed on',
)

export const monitorsSchema = withFreshness(
  {
    monitors: Type.Array(
      Type.Object({
        id: text('Member'),
        index: integer('Its index on the wire'),
        weight: integer('Its weight'),
        publicKey: hex('Its key'),
        region: text('Region'),
        network: text('Network'),
        operator: text('Operator'),
        isSelf: Type.Boolean({ description: 'This node' }),
        lastAttestationRound: nullable(
          integer('Round of its newest attestation here; null: none since this node started'),
        ),
        lastHeard: nullable(time('When it was last heard here')),
        excludedSince: nullable(integer('Round of its exclusion for signing two things')),
        status: nullable(
          Type.Object(
            {
              time: time('When it said so, by its clock'),
              boot: time('When it started'),
              version: text('Its software'),
              features: Type.Array(Type.String()),
              epoch: integer('Its epoch'),
              height: integer('Its height'),
              round: integer('Its round'),
              view: integer('Its view'),
            },
            { description: 'Its own word, never used for agreement' },
          ),
        ),
        clockOffsetMs: nullable(Type.Number({ description: 'Its clock less ours' })),
      }),
    ),
  },
  'The committee, as heard by this node',
)

export const peersSchema = withFreshness(
  {
    peers: Type.Array(
      Type.Object({
        peerId: text('Peer'),
        addresses: Type.Array(Type.String()),
        direction: literals(['inbound', 'outbound'], 'Who dialled'),
        connectedAt: time('When it connected'),
        monitor: nullable(text('Member it seems to be; a guess')),
        agent: nullable(text('Software it names')),
        score: nullable(Type.Number({ description: 'What gossipsub thinks of it' })),
        latencyMs: nullable(Type.Number({ description: 'Round trip' })),
      }),
    ),
    total: integer('Peers connected; the list is bounded'),
  },
  'Connected peers',
)

const observationSchema = Type.Object({
  target: text('Target'),
  status: literals(['reached', 'failed', 'abstained'], 'What happened'),
  code: nullable(text('Outcome, or why it abstained')),
  reference: referenceSchema,
  signals: Type.Array(signalSchema),
  identities: Type.Array(identitySchema),
})
export type ObservationReading = Static<typeof observationSchema>

export const attestationReadingSchema = Type.Object({
  monitor: text('Who signed it'),
  attestedRound: integer('Round it is of'),
  shard: integer('Shard it is of'),
  digest: hex('What was signed'),
  signature: hex('Ed25519 signature of the digest'),
  receivedAt: time('When this node got it'),
  bytes: base64('ssz(SignedAttestation), to check the signature with'),
  observations: Type.Array(observationSchema),
})
export type AttestationReading = Static<typeof attestationReadingSchema>

export const attestationsSchema = withFreshness(
  { attestations: Type.Array(attestationReadingSchema), next },
  'Signed attestations as received, newest rounds first',
)

export const evidenceReadingSchema = Type.Object({
  monitor: text('Who signed two things'),
  kind: literals(['attestation', 'proposal', 'vote'], 'What was signed twice'),
  epoch: integer('Epoch'),
  view: nullable(integer('View, for proposals and votes')),
  attestedRound: nullable(integer('Round, for attestations')),
  shard: nullable(integer('Shard, for attestations')),
  bytes: base64('ssz(Evidence): both signed messages'),
})
export type EvidenceReading = Static<typeof evidenceReadingSchema>

export const evidenceSchema = withFreshness(
  { evidence: Type.Array(evidenceReadingSchema), next },
  'Members that signed two things for one place, with the proof',
)

export const statusSchema = withFreshness(
  {
    version: text('Software of this node'),
    networkName: text('Name of the network'),
    monitor: nullable(text('Member this node is; null: an observer')),
    peerId: text('Its peer id'),
    addresses: Type.Array(Type.String(), { description: 'Where peers reach it' }),
    startedAt: time('When it started'),
    now: time('Its clock'),
    epoch: integer('Its epoch'),
    view: integer('Its view'),
    clockRound: nullable(integer('Round of its clock; null before the first')),
    peers: integer('Connected peers'),
    isQuarantined: Type.Boolean({ description: 'Signs nothing until it is safe (SPEC 6.9)' }),
    selfHealth: Type.Object({ healthy: Type.Boolean(), reason: nullable(Type.String()) }),
    clockOffsetMs: nullable(Type.Number({ description: 'Its clock less the committee’s middle' })),
    clockNotice: nullable(text('Said when the clock is off by more than the bound')),
    ready: Type.Boolean(),
    notReady: Type.Array(Type.String(), { description: 'Why not, for people' }),
  },
  'This node',
)

export const liveSchema = Type.Object({ live: Type.Literal(true) })

export const readinessCodes = [
  'starting',
  'syncing',
  'no-agreement',
  'halted',
  'muted',
  'unwell',
] as const
export type ReadinessCode = (typeof readinessCodes)[number]
export const readySchema = withFreshness(
  {
    ready: Type.Boolean(),
    reasons: Type.Array(
      Type.Object({
        code: literals(readinessCodes, 'Why it is not ready'),
        words: text('The same for people'),
      }),
    ),
  },
  'Whether this node does its work',
)

const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
  },
  { additionalProperties: true, description: 'RFC 9457 problem; `code` is of a closed set' },
)

/** What every route may answer instead, as OpenAPI shows it. */
export const problemAnswer = {
  description: 'A problem document (RFC 9457)',
  content: { 'application/problem+json': { schema: problemSchema } },
}
