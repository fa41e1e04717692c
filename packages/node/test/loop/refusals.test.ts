import assert from 'node:assert/strict'
import {
  type Attestation,
  type Digest,
  encode,
  type Epoch,
  evidenceType,
  fromText,
  getProposalClaim,
  getProposalDigest,
  getStatusDigest,
  getVoteDigest,
  type MemberIndex,
  type Proposal,
  type Round,
  type Status,
  signDigest,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  type TargetIndex,
  type View,
  type Vote,
  viewCertificateType,
  voteKinds,
} from '@watchfire/attestation'
import { type AdmissionCode, emptyBody, getGenesisHeader } from '@watchfire/consensus'
import { makeMetrics } from '../../src/metrics/metrics.ts'
import type { TopicName } from '../../src/ports.ts'
import { getSeed, makeAttestation, makeContext, TestClock } from '../fixtures.ts'
import { LoopHarness } from './loop-harness.ts'

const context = makeContext()
const { networkId } = context
const leader = 1 as MemberIndex
const header = getGenesisHeader(context)
const zero = new Uint8Array(32) as Digest
/** In the middle of round 20. */
const nowMs = 41_000

function makeVote(changes: Partial<Vote> = {}): Uint8Array {
  const message: Vote = {
    epoch: 0 as Epoch,
    view: 1 as View,
    kind: voteKinds.notarize,
    member: leader,
    header: new Uint8Array(32).fill(1) as Digest,
    ...changes,
  }
  // There is no digest of a kind that is none, and nobody asks for it.
  const signature =
    message.kind > voteKinds.finalize
      ? new Uint8Array(64)
      : signDigest(getVoteDigest(networkId, message), getSeed(message.member))
  return encode(signedVoteType, { message, signature })
}

function makeProposal(changes: Partial<Proposal> = {}): Uint8Array {
  const message: Proposal = {
    epoch: 0 as Epoch,
    view: 1 as View,
    member: leader,
    parentView: 0 as View,
    block: { header, body: emptyBody },
    ...changes,
  }
  const digest = getProposalDigest(networkId, getProposalClaim(networkId, message))
  return encode(signedProposalType, { message, signature: signDigest(digest, getSeed(leader)) })
}

function makeStatus(changes: Partial<Status> = {}): Uint8Array {
  const message: Status = {
    epoch: 0 as Epoch,
    member: leader,
    timeMs: nowMs,
    bootMs: nowMs,
    clockOffsetMs: 0n,
    height: 0 as Status['height'],
    round: 0 as Round,
    view: 1 as View,
    version: fromText('1'),
    features: [],
    ...changes,
  }
  const signature = signDigest(getStatusDigest(networkId, message), getSeed(leader))
  return encode(signedStatusType, { message, signature })
}

function makeEvidence(epoch: number): Uint8Array {
  const message = { epoch: epoch as Epoch, view: 1 as View, kind: 1, member: leader }
  const one = { message: { ...message, header: zero }, signature: new Uint8Array(64) }
  return encode(evidenceType, { selector: 2, value: { first: one, second: one } })
}

const attest = (round: number, observations: Attestation['observations'] = []) =>
  makeAttestation(context, leader, round, observations).bytes
const observe = (code: number) => [
  {
    target: 0 as TargetIndex,
    status: 2,
    code,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
  },
]
const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
const withShard = (): Uint8Array => flip(attest(20), 68 + 16)

/** What is sent, in order: the last of it is refused for the reason. */
interface Case {
  readonly topic: TopicName
  readonly sent: readonly Uint8Array[]
  /** Where a slow signature check would be needed: what it costs is refused, or fails. */
  readonly budget?: () => boolean
}

/**
 * Every reason of SPEC 8 and the messages it is given for. Nodes run epoch 0, below which there is
 * none, and know no other.
 */
const cases: Readonly<Record<Exclude<AdmissionCode, 'epoch-below'>, Case>> = {
  'too-large': { topic: 'vote', sent: [new Uint8Array(257)] },
  malformed: { topic: 'vote', sent: [new Uint8Array(7)] },
  'epoch-above': { topic: 'evidence', sent: [makeEvidence(1)] },
  'epoch-unknown': { topic: 'vote', sent: [makeVote({ epoch: 1 as Epoch })] },
  'unknown-member': { topic: 'vote', sent: [makeVote({ member: 9 as MemberIndex })] },
  'wrong-shard': { topic: 'attestation', sent: [withShard()] },
  'bad-observations': { topic: 'attestation', sent: [attest(20, observe(1000))] },
  early: { topic: 'attestation', sent: [attest(21)] },
  'far-future': { topic: 'attestation', sent: [attest(29)] },
  'too-old': { topic: 'attestation', sent: [attest(11)] },
  seen: { topic: 'attestation', sent: [attest(20), attest(20)] },
  equivocation: { topic: 'attestation', sent: [attest(20), attest(20, observe(1))] },
  'already-accused': {
    topic: 'attestation',
    sent: [attest(20), attest(20, observe(1)), attest(20, observe(2))],
  },
  'bad-signature': { topic: 'attestation', sent: [flip(attest(20), 4)] },
  deferred: { topic: 'attestation', sent: [flip(attest(20), 4)], budget: () => false },
  'bad-kind': { topic: 'vote', sent: [makeVote({ kind: 4 })] },
  'settled-view': { topic: 'vote', sent: [makeVote({ view: 0 as View })] },
  'view-too-far': { topic: 'vote', sent: [makeVote({ view: 1002 as View })] },
  'not-leader': { topic: 'proposal', sent: [makeProposal({ view: 2 as View })] },
  'wrong-body': {
    topic: 'proposal',
    sent: [makeProposal({ block: { header: { ...header, body: zero }, body: emptyBody } })],
  },
  'bad-certificate': {
    topic: 'certificate',
    sent: [
      encode(viewCertificateType, {
        epoch: 0 as Epoch,
        view: 1 as View,
        kind: voteKinds.nullify,
        header: zero,
        signatures: [],
      }),
    ],
  },
  'bad-evidence': { topic: 'evidence', sent: [makeEvidence(0)] },
  'clock-too-far': { topic: 'status', sent: [makeStatus({ timeMs: nowMs + 60_001 })] },
  'bad-text': { topic: 'status', sent: [makeStatus({ version: Uint8Array.of(7) })] },
  internal: {
    topic: 'attestation',
    sent: [flip(attest(20), 4)],
    budget: () => {
      throw new Error('a bug of ours')
    },
  },
}

describe('refusals (SPEC 8)', () => {
  for (const [code, { topic, sent, budget }] of Object.entries(cases))
    it(`are counted in the metrics by topic and name: ${topic}, ${code}`, async () => {
      const metrics = makeMetrics({ processMetrics: false })
      const harness = new LoopHarness(0, { clock: new TestClock(nowMs), meter: metrics })
      harness.loop.begin(harness.network, { take: budget ?? (() => true) })
      harness.settle()
      for (const bytes of sent)
        harness.loop.handle({ topic, shard: 0, bytes, from: 'p', via: 'gossip' })
      const { body } = await metrics.read()
      const series = `watchfire_messages_refused_total{topic="${topic}",reason="${code}"} 1`
      assert.ok(
        body.split('\n').includes(series),
        body.match(/^watchfire_messages_ref.*$/gm)?.join(),
      )
      assert.deepEqual(harness.faults, [])
    })
})
