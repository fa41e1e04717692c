import { groupReadingSchema } from './health-schemas.ts'
import { type Static, Type } from 'typebox'
import {
  base64,
  certificateSummarySchema,
  definition,
  hex,
  identitySchema,
  integer,
  literals,
  next,
  nullable,
  referenceSchema,
  signalSchema,
  target,
  targetReadingSchema,
  text,
  time,
  verdictSchema,
  withFreshness,
} from './reading-schemas.ts'
import { vantageSchema } from './health-schemas.ts'

// The shapes of every answer: what OpenAPI shows, what is serialized, and what the types are.

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

export const groupProofSchema = withFreshness(
  {
    group: groupReadingSchema,
    index: integer('Index of the group among those of the state'),
    certificate: base64('ssz(Certificate)'),
    leaf: base64('ssz(GroupState)'),
    branch: Type.Array(hex('Sibling'), {
      description: 'The 15 siblings from leaf to root (SPEC 7.10)',
    }),
  },
  'One group with the proof that it is in the certified state',
)

export const targetsSchema = withFreshness(
  { targets: Type.Array(Type.Object({ ...target, ...definition })), next },
  'The targets, what is asked of them, and what was last agreed on',
)

export const targetSchema = withFreshness(
  { target: Type.Object({ ...target, ...definition, vantage: vantageSchema }) },
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
        excludedSince: nullable(
          integer('Round since which nothing it observes counts, for it signed two things'),
        ),
        evidence: nullable(hex('Evidence against it that is known here, by its digest')),
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
  digest: hex('Names this piece of evidence'),
  monitor: text('Who signed two things'),
  kind: literals(['attestation', 'proposal', 'vote'], 'What was signed twice'),
  epoch: integer('Epoch'),
  view: nullable(integer('View, for proposals and votes')),
  attestedRound: nullable(integer('Round, for attestations')),
  shard: nullable(integer('Shard, for attestations')),
  signed: Type.Array(hex('What was signed'), { description: 'Both digests, the lesser first' }),
  inclusion: nullable(
    Type.Object(
      {
        round: integer('Round since which nothing it observes counts'),
        roundStart: time('When that round began'),
        height: nullable(integer('Height of the block; null: not held here')),
      },
      { description: 'The block that holds evidence against it; null: none yet' },
    ),
  ),
  file: base64('The evidence file (SPEC 9.6), to verify'),
})
export type EvidenceReading = Static<typeof evidenceReadingSchema>

export const evidenceSchema = withFreshness(
  { evidence: Type.Array(evidenceReadingSchema), next },
  'Members that signed two things for one place, with the proof',
)

export const oneEvidenceSchema = withFreshness(
  { evidence: evidenceReadingSchema },
  'One piece of evidence, for people. The bytes that prove it are the same address as application/octet-stream',
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
    selfHealth: Type.Object(
      {
        healthy: Type.Boolean(),
        cause: nullable(text('What is wrong: clock, canaries or alone')),
        reason: nullable(text('The cause in words')),
        canaries: nullable(
          Type.Object({
            total: integer('Canaries that the operator has set'),
            failed: integer('Those that did not answer in the last round'),
          }),
        ),
      },
      { description: 'While it is not healthy, a monitor abstains from all targets' },
    ),
    clockOffsetMs: nullable(Type.Number({ description: 'Its clock less the committee’s middle' })),
    timeServer: nullable(
      Type.Object(
        {
          offsetMs: Type.Number({ description: 'Its clock less the servers’ middle' }),
          errorMs: Type.Number({ description: 'How far the truth may be from that' }),
        },
        { description: 'By the operator’s time servers; null without, or while none answers' },
      ),
    ),
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
