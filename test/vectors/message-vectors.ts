import {
  bodyType,
  type Digest,
  type Epoch,
  type EpochContext,
  type Evidence,
  evidenceType,
  getBodyHash,
  getHeaderDigest,
  getVoteDigest,
  headerType,
  type MemberIndex,
  type Round,
  signDigest,
  signedAttestationType,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  type SignedVote,
  toHex,
  type View,
  type ViewCertificate,
  viewCertificateType,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import {
  addGroupOrder,
  signWithTorsionInR,
} from '../../packages/attestation/test/support/edge-signatures.ts'
import { getSecret } from '../../packages/attestation/test/support/network-fixture.ts'
import { listForgedMessages } from './forged-messages.ts'
import { describeNetwork, getContext } from './networks.ts'
import {
  makeAttestation,
  makeAttestationEvidence,
  makeProposal,
  makeProposalEvidence,
  makeVote,
  makeVoteEvidence,
  type Signed,
  signAttestation,
  signProposal,
  signStatus,
  signVote,
} from './sample-messages.ts'
import { hexOf, overwrite, type VectorFile, type VectorValue, ZERO_HASH } from './vector-values.ts'

/** Every signed object: its bytes, what is signed of it, and the verdict on its signature. */
export const messageVectors: VectorFile = {
  name: 'messages',
  make: () => {
    const context = getContext('full')
    return {
      network: describeNetwork('full'),
      otherNetworkId: toHex(getContext('main').networkId),
      blocks: describeBlocks(context),
      messages: [
        ...listValid(context),
        ...listInvalid(context),
        ...listForgedMessages(context, getContext('main')).map(
          ({ name, type, ssz, member, signed }) => describe(name, type, ssz, member, signed, false),
        ),
      ],
      evidence: listEvidence(context),
      viewCertificates: listViewCertificates(context),
    }
  },
}

function describeBlocks(context: EpochContext): VectorValue {
  const { header, body } = makeProposal(context).block
  const next = [{ committee: context.committeeHash, parameters: context.parametersHash }]
  const last = { ...header, next }
  return {
    headers: [header, last].map((each) => ({
      ssz: hexOf(headerType, each),
      digest: toHex(getHeaderDigest(context.networkId, each)),
    })),
    bodies: [body, { attestations: [], evidence: [] }].map((each) => ({
      ssz: hexOf(bodyType, each),
      hash: toHex(getBodyHash(each)),
    })),
  }
}

interface MessageVector {
  readonly [key: string]: VectorValue
}

function describe(
  name: string,
  type: string,
  ssz: string,
  member: MemberIndex,
  signed: Signed<{ readonly signature: Uint8Array }>,
  valid: boolean,
): MessageVector {
  return {
    name,
    type,
    ssz,
    member,
    ...(signed.claim === undefined ? {} : { claim: toHex(signed.claim) }),
    digest: toHex(signed.digest),
    signature: toHex(signed.message.signature),
    valid,
  }
}

function listValid(context: EpochContext): MessageVector[] {
  const attestation = signAttestation(context, makeAttestation(context))
  const bare = signAttestation(context, { ...makeAttestation(context), observations: [] })
  const proposal = signProposal(context, makeProposal(context))
  const status = signStatus(context)
  const { message: asked } = status.message
  const attested = (name: string, signed: typeof attestation) => {
    const ssz = hexOf(signedAttestationType, signed.message)
    return describe(name, 'SignedAttestation', ssz, signed.message.message.member, signed, true)
  }
  return [
    attested('an attestation of two targets', attestation),
    attested('an attestation of nothing', bare),
    describe(
      'a proposal',
      'SignedProposal',
      hexOf(signedProposalType, proposal.message),
      proposal.message.message.member,
      proposal,
      true,
    ),
    describe(
      'a status',
      'SignedStatus',
      hexOf(signedStatusType, status.message),
      asked.member,
      status,
      true,
    ),
    ...listVotes(context).map((vote) =>
      describeVote(`a vote of kind ${vote.kind}`, signVote(context, vote), true),
    ),
    describeVote('a vote with torsion in R', withTorsion(context, makeVote(context)), true),
  ]
}

function listVotes(context: EpochContext): Vote[] {
  return [
    makeVote(context),
    makeVote(context, { kind: voteKinds.nullify, header: ZERO_HASH }),
    makeVote(context, { kind: voteKinds.finalize }),
  ]
}

function describeVote(name: string, signed: Signed<SignedVote>, valid: boolean): MessageVector {
  const { member } = signed.message.message
  return describe(name, 'SignedVote', hexOf(signedVoteType, signed.message), member, signed, valid)
}

function withTorsion(context: EpochContext, vote: Vote): Signed<SignedVote> {
  const { digest } = signVote(context, vote)
  const signature = signWithTorsionInR(digest, getSecret(context, vote.member))
  return { message: { message: vote, signature }, digest }
}

/** Votes whose signature is another message's: everything that a digest binds. */
function listInvalid(context: EpochContext): MessageVector[] {
  const vote = makeVote(context)
  const good = signVote(context, vote)
  const other = getContext('main')
  const swap = (name: string, signature: Uint8Array) =>
    describeVote(name, { ...good, message: { message: vote, signature } }, false)
  const of = (context_: EpochContext, changes: Partial<Vote>) =>
    signVote(context_, { ...vote, ...changes }).message.signature
  const asAttestation = signDigest(
    signAttestation(context, makeAttestation(context)).digest,
    getSecret(context, vote.member),
  )
  return [
    swap('the signature of another kind of vote', of(context, { kind: voteKinds.finalize })),
    swap('the signature of another view', of(context, { view: 13 as View })),
    swap('the signature of another epoch', of(context, { epoch: 1 as Epoch })),
    swap('the signature of another header', of(context, { header: ZERO_HASH })),
    swap('the signature of another member', of(context, { member: 3 as MemberIndex })),
    swap('the signature of another network', of({ ...context, networkId: other.networkId }, {})),
    swap('the signature of another kind of message', asAttestation),
    swap('S + L', addGroupOrder(good.message.signature)),
    swap('64 zero bytes', new Uint8Array(64)),
    swap(
      'one bit flipped',
      overwrite(good.message.signature, 5, Uint8Array.of((good.message.signature[5] ?? 0) ^ 4)),
    ),
  ]
}

function listEvidence(context: EpochContext): VectorValue {
  const attestations = makeAttestationEvidence(context)
  const proposals = makeProposalEvidence(context)
  const votes = makeVoteEvidence(context)
  const describeOne = (name: string, evidence: Evidence, valid: boolean) => ({
    name,
    ssz: hexOf(evidenceType, evidence),
    valid,
  })
  const pair = (a: Signed<SignedVote>, b: Signed<SignedVote>): Evidence => {
    const isOrdered = toHex(a.digest) < toHex(b.digest)
    const [first, second] = isOrdered ? [a.message, b.message] : [b.message, a.message]
    return { selector: 2, value: { first, second } }
  }
  const vote = makeVote(context)
  const sign = (changes: Partial<Vote>) => signVote(context, { ...vote, ...changes })
  const nullify = { kind: voteKinds.nullify, header: ZERO_HASH }
  const other = new Uint8Array(32).fill(1) as Digest
  const forged = structuredClone(votes)
  forged.value.second.signature = forged.value.first.signature
  return [
    describeOne('two attestations for one round and shard', attestations, true),
    describeOne('two proposals in one view, by their parent views', proposals, true),
    describeOne('finalize with nullify', votes, true),
    describeOne('two notarizes in one view', pair(sign({}), sign({ header: other })), true),
    describeOne(
      'two finalizes in one view',
      pair(sign({ kind: voteKinds.finalize }), sign({ kind: voteKinds.finalize, header: other })),
      true,
    ),
    describeOne('notarize with nullify, which is honest', pair(sign({}), sign(nullify)), false),
    describeOne(
      'notarize with finalize, which is honest',
      pair(sign({}), sign({ kind: voteKinds.finalize })),
      false,
    ),
    describeOne('one vote twice', pair(sign({}), sign({})), false),
    describeOne('of two views', pair(sign({}), sign({ header: other, view: 13 as View })), false),
    describeOne(
      'of two members',
      pair(sign({}), sign({ header: other, member: 3 as MemberIndex })),
      false,
    ),
    describeOne(
      'of another epoch',
      pair(signIn(context, 1, vote), signIn(context, 1, { ...vote, header: other })),
      false,
    ),
    describeOne(
      'two attestations for two rounds',
      makeAttestationEvidence(context, { round: (makeAttestation(context).round + 1) as Round }),
      false,
    ),
    describeOne(
      'two attestations for two shards',
      makeAttestationEvidence(context, { shard: 1 - makeAttestation(context).shard }),
      false,
    ),
    describeOne(
      'of a member that does not exist',
      pair(signAsMember(context, vote), signAsMember(context, { ...vote, header: other })),
      false,
    ),
    describeOne(
      'two nullifies, one of them with a header',
      pair(sign(nullify), sign({ ...nullify, header: other })),
      false,
    ),
    describeOne(
      'finalize with a nullify that has a header',
      pair(sign({ kind: voteKinds.finalize }), sign({ ...nullify, header: other })),
      false,
    ),
    describeOne('a vote of kind 4', makeUnknownKind(context), false),
    describeOne('the greater digest first', reverse(attestations), false),
    describeOne('a signature that is not over its message', forged, false),
  ]
}

function signIn(context: EpochContext, epoch: number, vote: Vote): Signed<SignedVote> {
  return signVote(context, { ...vote, epoch: epoch as Epoch })
}

/** A vote of a member beyond the committee's last, under the signature of one that exists. */
function signAsMember(context: EpochContext, vote: Vote): Signed<SignedVote> {
  const message = { ...vote, member: context.committee.members.length as MemberIndex }
  const digest = getVoteDigest(context.networkId, message)
  const signature = signDigest(digest, getSecret(context, vote.member))
  return { message: { message, signature }, digest }
}

/** Two headers under a kind that is none, with signatures over the domain of notarize. */
function makeUnknownKind(context: EpochContext): Evidence {
  const evidence = makeVoteEvidence(context)
  if (evidence.selector !== 2) throw new Error('evidence of votes')
  const { first, second } = structuredClone(evidence.value)
  first.message.kind = 4
  second.message.kind = 4
  return { selector: 2, value: { first, second } }
}

function reverse(evidence: Evidence): Evidence {
  const { first, second } = evidence.value
  return { selector: evidence.selector, value: { first: second, second: first } } as Evidence
}

function listViewCertificates(context: EpochContext): VectorValue {
  // W = 10 and Q = 7; weights by index are 2, 3, 2, 3.
  const make = (changes: Partial<Vote>, members: number[]): ViewCertificate => {
    const { epoch, view, kind, header } = makeVote(context, changes)
    const signatures = members.map((index) => {
      const member = index as MemberIndex
      const { signature } = signVote(context, { epoch, view, kind, member, header }).message
      return { member, signature }
    })
    return { epoch, view, kind, header, signatures }
  }
  const nullify = { kind: voteKinds.nullify, header: ZERO_HASH }
  const all = [0, 1, 2, 3]
  const good = make({}, all)
  const edit = (change: (certificate: ViewCertificate) => void): ViewCertificate => {
    const copy = structuredClone(good)
    change(copy)
    return copy
  }
  const cases: [string, ViewCertificate, string][] = [
    ['a notarization', good, 'valid'],
    ['a nullification', make(nullify, all), 'valid'],
    ['a finalization', make({ kind: voteKinds.finalize }, all), 'valid'],
    ['weight of exactly the quorum', make({}, [0, 2, 3]), 'valid'],
    ['weight short by one', make({}, [1, 3]), 'insufficient-weight'],
    ['no signatures', make({}, []), 'insufficient-weight'],
    ['another epoch', make({ epoch: 1 as Epoch }, all), 'wrong-epoch'],
    ['view 0', make({ view: 0 as View }, all), 'bad-view'],
    ['kind 0', edit((c) => Object.assign(c, { kind: 0 })), 'bad-kind'],
    ['kind 4', edit((c) => Object.assign(c, { kind: 4 })), 'bad-kind'],
    ['a nullification with a header', make({ kind: voteKinds.nullify }, all), 'bad-header'],
    [
      'a member that does not exist',
      edit((c) => Object.assign(c.signatures[3] ?? {}, { member: 4 })),
      'unknown-member',
    ],
    [
      'a signer twice',
      edit((c) => c.signatures.splice(1, 0, ...c.signatures.slice(0, 1))),
      'unordered-signatures',
    ],
    ['signers out of order', edit((c) => c.signatures.reverse()), 'unordered-signatures'],
    ['signatures of another kind', { ...good, kind: voteKinds.finalize }, 'bad-signature'],
    [
      'one bad signature beyond the quorum',
      edit((c) => Object.assign(c.signatures[3] ?? {}, { signature: new Uint8Array(64) })),
      'bad-signature',
    ],
  ]
  return cases.map(([name, certificate, result]) => ({
    name,
    ssz: hexOf(viewCertificateType, certificate),
    result,
  }))
}
