import {
  type Digest,
  type EpochContext,
  type Evidence,
  type EvidenceFileCode,
  getVoteDigest,
  type HandoverProof,
  type MemberIndex,
  makeEvidenceFile,
  type Round,
  type SignedVote,
  type View,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import { signWithTorsionInR } from '../../packages/attestation/test/support/edge-signatures.ts'
import { getSecret } from '../../packages/attestation/test/support/network-fixture.ts'
import { following, handover, second, third } from './handover-cases.ts'
import { getContext, type NetworkName } from './networks.ts'
import {
  makeAttestationEvidence,
  makeProposalEvidence,
  makeVote,
  makeVoteEvidence,
  order,
  signVote,
} from './sample-messages.ts'
import { concat, overwrite, u32, ZERO_HASH } from './vector-values.ts'

/** One evidence file, the manifest it is held against, and what must come out. */
export interface EvidenceCase {
  readonly name: string
  readonly manifest: NetworkName
  readonly file: Uint8Array
  readonly result: EvidenceFileCode | 'valid'
}

type Half = Evidence['value']['first']

const context = getContext('main')
const votes = makeVoteEvidence(context)
const attestations = makeAttestationEvidence(context)
const proposals = makeProposalEvidence(context)
const { notarize, nullify, finalize } = voteKinds
/** Where the evidence begins in its file: behind magic, network id and two offsets. */
const EVIDENCE_AT = 48

/** Evidence files that hold and that do not, with the code of SPEC 9.6. */
export function listEvidenceCases(): EvidenceCase[] {
  return [
    ...listValid(),
    ...listMalformed(),
    ...listOfOtherNetworks(),
    ...listOfOtherEpochs(),
    ...listOfNoPlace(),
    ...listHonest(),
    ...listWronglySigned(),
  ]
}

function of(
  result: EvidenceCase['result'],
  name: string,
  file: Uint8Array,
  manifest: NetworkName = 'main',
): EvidenceCase {
  return { name, manifest, file, result }
}

function make(evidence: Evidence, ...handovers: HandoverProof[]): Uint8Array {
  return makeEvidenceFile(context.networkId, evidence, handovers)
}

function listValid(): EvidenceCase[] {
  const other = { header: new Uint8Array(32).fill(7) as Digest }
  return [
    of('valid', 'finalize and nullify in one view', make(votes)),
    of('valid', 'two attestations for one round and shard', make(attestations)),
    of('valid', 'two proposals in one view', make(proposals)),
    of('valid', 'two notarizes in one view', make(pair({}, other))),
    of(
      'valid',
      'two finalizes in one view',
      make(pair({ kind: finalize }, { ...other, kind: finalize })),
    ),
    of('valid', 'of epoch 1', make(makeVoteEvidence(second), handover)),
    of('valid', 'of epoch 2', make(makeVoteEvidence(third), handover, following)),
    of(
      'valid',
      'a signature with torsion in R, which ZIP-215 accepts',
      make(
        change(votes, 'first', (half) => {
          half.signature = signWithTorsionInR(
            getDigest(half),
            getSecret(context, half.message.member),
          )
        }),
      ),
    ),
  ]
}

function listMalformed(): EvidenceCase[] {
  const good = make(votes)
  const bad = (name: string, file: Uint8Array) => of('malformed', name, file)
  const magic = (text: string) => overwrite(good, 0, new TextEncoder().encode(text))
  return [
    bad('no byte', new Uint8Array()),
    bad('a byte too few', good.subarray(0, -1)),
    bad('a byte too many', concat(good, Uint8Array.of(0))),
    bad('the magic of a certificate file', magic('WFCERT01')),
    bad('the magic of a later version', magic('WFEVID02')),
    bad('a kind of evidence that there is not', overwrite(good, EVIDENCE_AT, Uint8Array.of(3))),
    bad('the first offset one too high', overwrite(good, 40, u32(EVIDENCE_AT + 1))),
    bad('evidence as it is gossiped, without its file', good.subarray(EVIDENCE_AT)),
  ]
}

function listOfOtherNetworks(): EvidenceCase[] {
  const other = getContext('other')
  const elsewhere = makeVoteEvidence(other)
  return [
    of('wrong-network', 'held against another manifest', make(votes), 'other'),
    of('wrong-network', 'naming another network', makeEvidenceFile(other.networkId, votes, [])),
    of('bad-signature', 'signed in another network', make(reorder(context, elsewhere))),
  ]
}

function listOfOtherEpochs(): EvidenceCase[] {
  const ofSecond = makeVoteEvidence(second)
  const before = change(ofSecond, 'second', ({ message }) => {
    message.epoch = context.epoch
  })
  const after = change(votes, 'second', ({ message }) => {
    message.epoch = second.epoch
  })
  const posing = change(votes, 'both', ({ message }) => {
    message.epoch = second.epoch
  })
  const bad = { ...handover, committee: context.committee }
  return [
    of('unknown-epoch', 'of epoch 1, without its hand-over', make(ofSecond)),
    of('unknown-epoch', 'of epoch 2, without its second', make(makeVoteEvidence(third), handover)),
    of('unknown-epoch', 'of epoch 0, with a hand-over', make(votes, handover)),
    of('unknown-epoch', 'of epoch 1, with that of epoch 1', make(ofSecond, following)),
    of('bad-handover', 'a hand-over of another committee than it installs', make(ofSecond, bad)),
    of('wrong-epoch', 'of epochs 0 and 1', make(after)),
    of('wrong-epoch', 'of epochs 1 and 0', make(before, handover)),
    of(
      'bad-signature',
      'signed in epoch 0, posing as of 1',
      make(reorder(second, posing), handover),
    ),
  ]
}

function listOfNoPlace(): EvidenceCase[] {
  const no = 'different-places'
  const stranger = change(votes, 'both', ({ message }) => {
    message.member = context.committee.members.length as MemberIndex
  })
  const laterView = change(proposals, 'second', ({ message }) => {
    if ('parentView' in message) message.view = 11 as View
  })
  const laterRound = makeAttestationEvidence(context, { round: 1_000_051 as Round })
  return [
    of('unknown-member', 'of a member that does not exist', make(stranger)),
    of(no, 'of two members', make(pair({}, { member: 3 as MemberIndex }))),
    of(no, 'votes of two views', make(pair({}, { view: 13 as View }))),
    of(no, 'proposals of two views', make(laterView)),
    of(no, 'attestations of two rounds', make(laterRound)),
    of(no, 'attestations of two shards', make(makeAttestationEvidence(context, { shard: 1 }))),
  ]
}

/** Two messages that an honest member may have signed, and what is no vote. */
function listHonest(): EvidenceCase[] {
  const noKind = change(votes, 'first', ({ message }) => {
    if ('kind' in message) message.kind = 4
  })
  const named = change(votes, 'both', ({ message }) => {
    if ('header' in message) message.header = new Uint8Array(32).fill(7) as Digest
  })
  const twice = (evidence: Evidence) => {
    const { first } = evidence.value
    return make({ selector: evidence.selector, value: { first, second: first } } as Evidence)
  }
  const none = { kind: nullify, header: ZERO_HASH }
  return [
    of('bad-vote', 'a vote of no kind', make(noKind)),
    of('bad-vote', 'a nullify that names a header', make(named)),
    of('no-conflict', 'notarize and nullify in one view', make(pair({ kind: notarize }, none))),
    of('no-conflict', 'notarize and finalize of one header', make(pair({}, { kind: finalize }))),
    of('no-conflict', 'one vote twice', twice(votes)),
    of('no-conflict', 'one attestation twice', twice(attestations)),
    of('no-conflict', 'one proposal twice', twice(proposals)),
  ]
}

function listWronglySigned(): EvidenceCase[] {
  const swap = (evidence: Evidence) => {
    const [first, last] = [evidence.value.second, evidence.value.first]
    return make({ selector: evidence.selector, value: { first, second: last } } as Evidence)
  }
  const flip = (which: 'first' | 'second') =>
    make(
      change(votes, which, ({ signature }) => {
        signature[0] = (signature[0] ?? 0) ^ 1
      }),
    )
  const another = change(votes, 'both', ({ message }) => {
    message.member = 0 as MemberIndex
  })
  return [
    of('unordered-pair', 'votes, the greater digest first', swap(votes)),
    of('unordered-pair', 'attestations, the greater digest first', swap(attestations)),
    of('unordered-pair', 'proposals, the greater digest first', swap(proposals)),
    of('bad-signature', 'the first signature changed', flip('first')),
    of('bad-signature', 'the second signature changed', flip('second')),
    of('bad-signature', 'signed by another member than it names', make(reorder(context, another))),
  ]
}

/** Two votes of one member that are signed, in the order of their digests. */
function pair(a: Partial<Vote>, b: Partial<Vote>): Evidence {
  const [first, last] = order(
    signVote(context, makeVote(context, a)),
    signVote(context, makeVote(context, b)),
  )
  return { selector: 2, value: { first, second: last } }
}

function change(
  evidence: Evidence,
  which: 'first' | 'second' | 'both',
  apply: (half: Half) => void,
): Evidence {
  const copy = structuredClone(evidence)
  if (which !== 'second') apply(copy.value.first)
  if (which !== 'first') apply(copy.value.second)
  return copy
}

/** Votes that were changed, in the order of what their digests are now. */
function reorder(where: EpochContext, { value }: Evidence): Evidence {
  const [first, last] = order(
    { message: value.first as SignedVote, digest: getDigest(value.first, where) },
    { message: value.second as SignedVote, digest: getDigest(value.second, where) },
  )
  return { selector: 2, value: { first, second: last } }
}

function getDigest({ message }: Half, { networkId } = context): Digest {
  return getVoteDigest(networkId, message as Vote)
}
