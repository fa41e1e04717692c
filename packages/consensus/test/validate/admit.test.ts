import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  type Attestation,
  type Digest,
  encode,
  type Evidence,
  evidenceType,
  fromText,
  getAttestationClaim,
  getAttestationDigest,
  getBodyHash,
  getStatusDigest,
  type Height,
  type MemberIndex,
  type Proposal,
  type Round,
  type SignedVote,
  type Status,
  signedAttestationType,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  makeAttestationEvidence,
  makeVoteEvidence,
  type SignatureCheck,
  toHex,
  toSignatureCheck,
  type UnixMs,
  type View,
  type ViewCertificate,
  type Vote,
  viewCertificateType,
  voteKinds,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import {
  type Admission,
  type AdmissionResult,
  admit,
  emptyBody,
  getGenesisHeader,
  makeAdmission,
  setAdmissionWindow,
  type TopicName,
  topicBytesMax,
} from '../../src/index.ts'
import { sign, signAttestation, signProposal, signVote, verify } from '../driver.ts'
import { makeContext, makeEqual, makeObservation, makeTarget, originMs } from '../fixtures.ts'

const context = makeEqual(4, {
  shards: 2,
  targets: [
    makeTarget({ id: 'a', signals: [['x', 'median']], identities: ['hash'] }),
    makeTarget({ id: 'b', shard: 1 }),
    makeTarget({ id: 'c' }),
  ],
})
const next = makeContext([{}, {}, {}, {}], {}, 1)
/** In the middle of round 20. */
const nowMs = (originMs + 20 * 2000 + 1000) as UnixMs
const check: SignatureCheck = toSignatureCheck(verify)
const deferring: SignatureCheck = () => 'deferred'
const zero = new Uint8Array(32) as Digest
const one = new Uint8Array(32).fill(1) as Digest
const two = new Uint8Array(32).fill(2) as Digest

function make(epochs = [context]): Admission {
  return makeAdmission({ networkId: context.networkId, epochs })
}

/** The action, with the code where it is a refusal. */
function summarise(result: AdmissionResult): string {
  return result.action === 'accept' ? 'accept' : `${result.action} ${result.code}`
}

function attest(changes: Partial<Attestation> = {}): Attestation {
  return {
    epoch: context.epoch,
    round: 20 as Round,
    shard: 0,
    member: 1 as MemberIndex,
    observations: [makeObservation({ target: 0, signals: { 0: 5n } })],
    ...changes,
  }
}

function vote(changes: Partial<Vote> = {}): Vote {
  return {
    epoch: context.epoch,
    view: 5 as View,
    kind: voteKinds.notarize,
    member: 1 as MemberIndex,
    header: one,
    ...changes,
  }
}

const header = {
  ...getGenesisHeader(context),
  height: 1 as Height,
  body: getBodyHash(emptyBody),
}

function propose(changes: Partial<Proposal> = {}): Proposal {
  return {
    epoch: context.epoch,
    view: 5 as View,
    member: 1 as MemberIndex,
    parentView: 4 as View,
    block: { header, body: emptyBody },
    ...changes,
  }
}

function certify(changes: Partial<ViewCertificate> = {}, members = [0, 1, 2]): ViewCertificate {
  const bare = { epoch: context.epoch, view: 5 as View, kind: voteKinds.notarize, header: one }
  const certificate = { ...bare, ...changes }
  const signatures = members.map((index) => {
    const member = index as MemberIndex
    const { signature } = signVote(context, {
      epoch: certificate.epoch,
      view: certificate.view,
      kind: certificate.kind,
      header: certificate.header,
      member,
    })
    return { member, signature }
  })
  return { ...certificate, signatures, ...changes }
}

function reportStatus(changes: Partial<Status> = {}): Uint8Array {
  const message: Status = {
    epoch: context.epoch,
    member: 1 as MemberIndex,
    timeMs: nowMs,
    bootMs: nowMs,
    clockOffsetMs: 0n,
    height: 0 as Height,
    round: 0 as Round,
    view: 1 as View,
    version: fromText('1.0'),
    features: [],
    ...changes,
  }
  const digest = getStatusDigest(context.networkId, message)
  return encode(signedStatusType, { message, signature: sign(context, message.member, digest) })
}

const bytesOf = {
  attestation: (message: Attestation) =>
    encode(signedAttestationType, signAttestation(context, message)),
  vote: (message: Vote) => encode(signedVoteType, signVote(context, message)),
  proposal: (message: Proposal) => encode(signedProposalType, signProposal(context, message)),
}

/** Everything about one message in a fresh admission. */
function judge(
  topic: TopicName,
  bytes: Uint8Array,
  { admission = make(), shard = 0, at = nowMs, by = check } = {},
): string {
  return summarise(admit(admission, topic, shard, bytes, at, by))
}

/** Bytes with the last one of the signature changed; signatures are fixed fields after an offset. */
function spoil(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

describe('admission of any message', () => {
  const topics = Object.keys(topicBytesMax) as TopicName[]

  it('refuses what is larger than its topic allows, before it decodes', () => {
    for (const topic of topics) {
      equal(judge(topic, new Uint8Array(topicBytesMax[topic] + 1)), 'reject too-large')
    }
  })

  it('never throws and never accepts, whatever the bytes', () => {
    const admission = make()
    const good = [
      bytesOf.attestation(attest()),
      bytesOf.vote(vote()),
      bytesOf.proposal(propose()),
      encode(viewCertificateType, certify()),
      reportStatus(),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...topics),
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc
            .tuple(fc.constantFrom(...good), fc.nat(), fc.integer({ min: 1, max: 255 }))
            .map(([bytes, at, flip]) => {
              const copy = bytes.slice()
              copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ flip
              return copy
            }),
          fc
            .tuple(fc.constantFrom(...good), fc.nat())
            .map(([bytes, at]) => bytes.slice(0, at % bytes.length)),
        ),
        (topic, bytes) => {
          const result = summarise(admit(admission, topic, 0, bytes, nowMs, check))
          ok(result !== 'accept' && result !== 'ignore internal', result)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('keeps for later what is of a known later epoch, and drops other epochs', () => {
    const later = bytesOf.vote(vote({ epoch: next.epoch }))
    equal(judge('vote', later, { admission: make([context, next]) }), 'queue epoch-above')
    equal(judge('vote', later), 'ignore epoch-unknown')
    const admission = make([context, next])
    const window = {
      epoch: next.epoch,
      finalView: 0 as View,
      view: 1 as View,
      wanted: new Set<string>(),
      getHeldHeader: () => undefined,
    }
    setAdmissionWindow(admission, window)
    equal(judge('vote', bytesOf.vote(vote()), { admission }), 'ignore epoch-below')
  })

  it('maps an exception to an ignore that names us, not the sender', () => {
    const failing: SignatureCheck = () => {
      throw new Error('out of memory')
    }
    equal(judge('vote', bytesOf.vote(vote()), { by: failing }), 'ignore internal')
  })
})

describe('admission of an attestation', () => {
  it('accepts a good one once, with the digest that was signed', () => {
    const admission = make()
    const bytes = bytesOf.attestation(attest())
    const result = admit(admission, 'attestation', 0, bytes, nowMs, check)
    ok(result.action === 'accept' && result.input.kind === 'attestation')
    deepEqual(result.input.digest, getAttestationDigest(context.networkId, attest()))
    equal(judge('attestation', bytes, { admission }), 'ignore seen')
  })

  const refused: readonly [sentence: string, change: Partial<Attestation>, expected: string][] = [
    ['of a member that does not exist', { member: 4 as MemberIndex }, 'reject unknown-member'],
    ['of another shard than its topic', { shard: 1, observations: [] }, 'reject wrong-shard'],
    ['of a shard that does not exist', { shard: 2 }, 'reject wrong-shard'],
    ['of the next round', { round: 21 as Round }, 'queue early'],
    ['of the oldest round of the window', { round: 12 as Round }, 'accept'],
    ['of the round before the window', { round: 11 as Round }, 'ignore too-old'],
    ['of the last round worth keeping', { round: 28 as Round }, 'queue early'],
    ['of a round that no clock explains', { round: 29 as Round }, 'ignore far-future'],
    [
      'with targets that do not ascend',
      { observations: [makeObservation({ target: 2 }), makeObservation({ target: 0 })] },
      'reject bad-observations',
    ],
    [
      'with a target twice',
      { observations: [makeObservation(), makeObservation()] },
      'reject bad-observations',
    ],
    [
      'with a target of another shard',
      { observations: [makeObservation({ target: 1 })] },
      'reject bad-observations',
    ],
    [
      'with a target that does not exist',
      { observations: [makeObservation({ target: 3 })] },
      'reject bad-observations',
    ],
    [
      'with a code although the target was reached',
      { observations: [makeObservation({ status: 'reached', code: 1 })] },
      'reject bad-observations',
    ],
    [
      'with no code although it failed',
      { observations: [makeObservation({ status: 'failed', code: 0 })] },
      'reject bad-observations',
    ],
    [
      'with a reserved code',
      { observations: [makeObservation({ status: 'failed', code: 999 })] },
      'accept',
    ],
    [
      'with a code beyond the reserved',
      { observations: [makeObservation({ status: 'abstained', code: 1000 })] },
      'reject bad-observations',
    ],
    [
      'with signals although it failed',
      { observations: [makeObservation({ status: 'failed', signals: { 0: 1n } })] },
      'reject bad-observations',
    ],
    [
      'with an identity although it abstained',
      { observations: [makeObservation({ status: 'abstained', identities: { 0: one } })] },
      'reject bad-observations',
    ],
    [
      'with a signal that is not defined',
      { observations: [makeObservation({ signals: { 1: 1n } })] },
      'reject bad-observations',
    ],
    [
      'with an identity that is not defined',
      { observations: [makeObservation({ identities: { 1: one } })] },
      'reject bad-observations',
    ],
    [
      'with a reference of no kind',
      { observations: [makeObservation({ reference: 1 })] },
      'reject bad-observations',
    ],
    [
      'with a kind of reference that does not exist',
      { observations: [makeObservation({ referenceKind: 3 })] },
      'reject bad-observations',
    ],
    [
      'with a status that does not exist',
      { observations: [{ ...makeObservation(), status: 4 }] },
      'reject bad-observations',
    ],
    ['that observes nothing', { observations: [] }, 'accept'],
  ]
  for (const [sentence, changes, expected] of refused) {
    it(`says '${expected}' to one ${sentence}`, () => {
      equal(judge('attestation', bytesOf.attestation(attest(changes))), expected)
    })
  }

  it('says when an early one may pass', () => {
    const bytes = bytesOf.attestation(attest({ round: 21 as Round }))
    const result = admit(make(), 'attestation', 0, bytes, nowMs, check)
    equal(result.action === 'queue' && result.retryAtMs, originMs + 21 * 2000)
  })

  it('refuses a signature of another member, and keeps for later what was not decided', () => {
    const bytes = bytesOf.attestation(attest())
    equal(judge('attestation', spoil(bytes, 4)), 'reject bad-signature')
    equal(judge('attestation', bytes, { by: deferring }), 'queue deferred')
  })

  it('does not remember what it did not accept', () => {
    const admission = make()
    const bytes = bytesOf.attestation(attest())
    equal(judge('attestation', spoil(bytes, 4), { admission }), 'reject bad-signature')
    equal(judge('attestation', bytes, { admission, by: deferring }), 'queue deferred')
    equal(judge('attestation', bytes, { admission }), 'accept')
  })

  it('makes evidence of a second version, once, and drops a third', () => {
    const admission = make()
    const version = (signal: bigint) =>
      bytesOf.attestation(
        attest({ observations: [makeObservation({ target: 0, signals: { 0: signal } })] }),
      )
    equal(judge('attestation', version(1n), { admission }), 'accept')
    equal(judge('attestation', spoil(version(2n), 4), { admission }), 'reject bad-signature')
    const result = admit(admission, 'attestation', 0, version(2n), nowMs, check)
    equal(summarise(result), 'ignore equivocation')
    ok(result.evidence)
    equal(judge('evidence', encode(evidenceType, result.evidence)), 'accept')
    equal(judge('attestation', version(3n), { admission }), 'ignore already-accused')
  })

  it('lets through what a block names, whatever its round or version, with the evidence it is', () => {
    const admission = make()
    const wanted = attest({ round: 3 as Round })
    const second = attest({ observations: [] })
    const digests = [wanted, second].map((item) =>
      toHex(getAttestationDigest(context.networkId, item)),
    )
    equal(judge('attestation', bytesOf.attestation(attest()), { admission }), 'accept')
    setAdmissionWindow(admission, {
      epoch: context.epoch,
      finalView: 0 as View,
      view: 1 as View,
      wanted: new Set(digests),
      getHeldHeader: () => undefined,
    })
    equal(judge('attestation', bytesOf.attestation(wanted), { admission }), 'accept')
    const result = admit(
      admission,
      'attestation',
      undefined,
      bytesOf.attestation(second),
      nowMs,
      check,
    )
    equal(result.action, 'accept')
    ok(result.evidence)
    equal(
      judge('attestation', spoil(bytesOf.attestation(wanted), 4), { admission }),
      'reject bad-signature',
    )
  })

  it('forgets rounds that leave the window', () => {
    const admission = make()
    const old = bytesOf.attestation(attest({ round: 15 as Round }))
    equal(judge('attestation', old, { admission }), 'accept')
    const later = (originMs + 40 * 2000) as UnixMs
    const recent = bytesOf.attestation(attest({ round: 40 as Round }))
    equal(judge('attestation', recent, { admission, at: later }), 'accept')
    const { attestations } = admission as unknown as { attestations: Map<number, unknown> }
    deepEqual([...attestations.keys()], [40])
  })
})

describe('admission of a vote', () => {
  const refused: readonly [sentence: string, change: Partial<Vote>, expected: string][] = [
    ['in order', {}, 'accept'],
    ['of a member that does not exist', { member: 4 as MemberIndex }, 'reject unknown-member'],
    ['of the final view', { view: 0 as View }, 'ignore settled-view'],
    ['1,000 views ahead', { view: 1001 as View }, 'accept'],
    ['1,001 views ahead', { view: 1002 as View }, 'ignore view-too-far'],
    ['to nullify a header', { kind: voteKinds.nullify }, 'reject bad-kind'],
    ['to nullify', { kind: voteKinds.nullify, header: zero }, 'accept'],
  ]
  for (const [sentence, changes, expected] of refused) {
    it(`says '${expected}' to one ${sentence}`, () => {
      equal(judge('vote', bytesOf.vote(vote(changes))), expected)
    })
  }

  it('refuses a kind that does not exist', () => {
    const bytes = bytesOf.vote(vote())
    // epoch 8, view 8, then kind
    equal(judge('vote', spoil(spoil(bytes, 16), 16).fill(9, 16, 17)), 'reject bad-kind')
  })

  it('refuses a signature of another member, and keeps for later what was not decided', () => {
    const bytes = bytesOf.vote(vote())
    equal(judge('vote', spoil(bytes, bytes.length - 1)), 'reject bad-signature')
    equal(judge('vote', bytes, { by: deferring }), 'queue deferred')
  })

  it('accepts notarize and nullify of one view, and makes evidence of what excludes each other', () => {
    const pairs: readonly [Partial<Vote>, Partial<Vote>, string][] = [
      [{}, { kind: voteKinds.nullify, header: zero }, 'accept'],
      [{}, { kind: voteKinds.finalize }, 'accept'],
      [{}, {}, 'ignore seen'],
      [{}, { header: two }, 'ignore equivocation'],
      [
        { kind: voteKinds.finalize },
        { kind: voteKinds.finalize, header: two },
        'ignore equivocation',
      ],
      [
        { kind: voteKinds.finalize },
        { kind: voteKinds.nullify, header: zero },
        'ignore equivocation',
      ],
      [
        { kind: voteKinds.nullify, header: zero },
        { kind: voteKinds.finalize },
        'ignore equivocation',
      ],
      [{}, { header: two, view: 6 as View }, 'accept'],
      [{}, { header: two, member: 2 as MemberIndex }, 'accept'],
    ]
    for (const [first, second, expected] of pairs) {
      const admission = make()
      equal(judge('vote', bytesOf.vote(vote(first)), { admission }), 'accept')
      const result = admit(admission, 'vote', undefined, bytesOf.vote(vote(second)), nowMs, check)
      equal(summarise(result), expected)
      if (expected !== 'ignore equivocation') continue
      ok(result.evidence)
      equal(judge('evidence', encode(evidenceType, result.evidence)), 'accept')
      const third = bytesOf.vote(vote({ ...second, header: second.header === zero ? zero : one }))
      ok(judge('vote', third, { admission }).startsWith('ignore'))
    }
  })

  it('forgets what became settled', () => {
    const admission = make()
    equal(judge('vote', bytesOf.vote(vote()), { admission }), 'accept')
    const wanted = new Set<string>()
    setAdmissionWindow(admission, {
      epoch: context.epoch,
      finalView: 5 as View,
      view: 6 as View,
      wanted,
      getHeldHeader: () => undefined,
    })
    equal(judge('vote', bytesOf.vote(vote()), { admission }), 'ignore settled-view')
    equal((admission as unknown as { votes: Map<number, unknown> }).votes.size, 0)
  })
})

describe('admission of a proposal', () => {
  const other = { ...header, round: 1 as Round }
  const refused: readonly [sentence: string, change: Partial<Proposal>, expected: string][] = [
    ['in order', {}, 'accept'],
    ['of a member that does not lead', { member: 2 as MemberIndex }, 'reject not-leader'],
    ['of a member that does not exist', { member: 5 as MemberIndex }, 'reject unknown-member'],
    ['16 views ahead', { view: 17 as View }, 'accept'],
    ['17 views ahead', { view: 18 as View, member: 2 as MemberIndex }, 'ignore view-too-far'],
    [
      'whose body is not its header’s',
      { block: { header: { ...header, body: zero }, body: emptyBody } },
      'reject wrong-body',
    ],
  ]
  for (const [sentence, changes, expected] of refused) {
    it(`says '${expected}' to one ${sentence}`, () => {
      equal(judge('proposal', bytesOf.proposal(propose(changes))), expected)
    })
  }

  it('is not blinded to the true body by one that was altered on the way', () => {
    const admission = make()
    const altered = signProposal(context, propose())
    const reference = { shard: 0, member: 1 as MemberIndex, digest: zero }
    altered.message.block = { header, body: { attestations: [reference], evidence: [] } }
    const bytes = encode(signedProposalType, altered)
    equal(judge('proposal', bytes, { admission }), 'reject wrong-body')
    equal(judge('proposal', bytesOf.proposal(propose()), { admission }), 'accept')
    equal(judge('proposal', bytesOf.proposal(propose()), { admission }), 'ignore seen')
  })

  it('makes evidence of another header or another parent view, once', () => {
    const changes = [{ block: { header: other, body: emptyBody } }, { parentView: 3 as View }]
    for (const change of changes) {
      const admission = make()
      equal(judge('proposal', bytesOf.proposal(propose()), { admission }), 'accept')
      const bytes = bytesOf.proposal(propose(change))
      const result = admit(admission, 'proposal', undefined, bytes, nowMs, check)
      equal(summarise(result), 'ignore equivocation')
      ok(result.evidence)
      equal(judge('evidence', encode(evidenceType, result.evidence)), 'accept')
      const third = bytesOf.proposal(propose({ parentView: 2 as View }))
      equal(judge('proposal', third, { admission }), 'ignore already-accused')
    }
  })
})

describe('admission of a view certificate', () => {
  it('takes a second finalization of a view, for another block, and no third (SPEC 6.7)', () => {
    const admission = make()
    const three = new Uint8Array(32).fill(3) as Digest
    const judgeFinal = (block: Digest) => {
      const certificate = certify({ kind: voteKinds.finalize, header: block })
      return judge('certificate', encode(viewCertificateType, certificate), { admission })
    }
    equal(judgeFinal(one), 'accept')
    equal(judgeFinal(one), 'ignore seen')
    equal(judgeFinal(two), 'accept')
    equal(judgeFinal(three), 'ignore seen')
  })

  const refused: readonly [sentence: string, certificate: ViewCertificate, expected: string][] = [
    ['of exactly a quorum', certify(), 'accept'],
    ['far ahead', certify({ view: 100_000 as View }), 'accept'],
    ['of one vote too few', certify({}, [0, 1]), 'reject bad-certificate'],
    ['with a member twice', certify({}, [0, 1, 1]), 'reject bad-certificate'],
    ['out of order', certify({}, [2, 1, 0]), 'reject bad-certificate'],
    ['with a member that does not exist', certify({}, [0, 1, 2, 4]), 'reject bad-certificate'],
    ['that nullifies a header', certify({ kind: voteKinds.nullify }), 'reject bad-certificate'],
    ['of no kind', { ...certify(), kind: 4 }, 'reject bad-certificate'],
    [
      'with one signature among enough others that is not valid',
      {
        ...certify(),
        signatures: [
          ...certify().signatures,
          { member: 3 as MemberIndex, signature: new Uint8Array(64) },
        ],
      },
      'reject bad-certificate',
    ],
  ]
  for (const [sentence, certificate, expected] of refused) {
    it(`says '${expected}' to one ${sentence}`, () => {
      equal(judge('certificate', encode(viewCertificateType, certificate)), expected)
    })
  }

  it('drops what is held or settled, whoever signed it', () => {
    const admission = make()
    const bytes = encode(viewCertificateType, certify())
    equal(judge('certificate', bytes, { admission, by: deferring }), 'queue deferred')
    equal(judge('certificate', bytes, { admission }), 'accept')
    const others = encode(viewCertificateType, certify({}, [1, 2, 3]))
    equal(judge('certificate', others, { admission }), 'ignore seen')
    const wanted = new Set<string>()
    setAdmissionWindow(admission, {
      epoch: context.epoch,
      finalView: 6 as View,
      view: 7 as View,
      wanted,
      getHeldHeader: () => undefined,
    })
    equal(judge('certificate', bytes, { admission }), 'ignore settled-view')
  })
})

describe('admission of a view certificate that the core made of votes itself', () => {
  const make6 = () => {
    const admission = make()
    setAdmissionWindow(admission, {
      epoch: context.epoch,
      finalView: 5 as View,
      view: 6 as View,
      wanted: new Set<string>(),
      getHeldHeader: (view, kind) => (view === 5 && kind === voteKinds.finalize ? one : undefined),
    })
    return admission
  }
  const judgeOf = (admission: Admission, changes: Partial<ViewCertificate>) =>
    judge('certificate', encode(viewCertificateType, certify(changes)), { admission })

  it('drops it without looking at a signature, and takes other kinds and views', () => {
    const admission = make6()
    const bytes = encode(viewCertificateType, certify({ kind: voteKinds.finalize, header: one }))
    equal(judge('certificate', bytes, { admission, by: deferring }), 'ignore seen')
    equal(judgeOf(admission, { kind: voteKinds.notarize, header: one }), 'accept')
    equal(judgeOf(admission, { kind: voteKinds.finalize, header: one, view: 6 as View }), 'accept')
  })

  it('still takes one other finalization of that view, for another block, and no third', () => {
    const admission = make6()
    const three = new Uint8Array(32).fill(3) as Digest
    equal(judgeOf(admission, { kind: voteKinds.finalize, header: two }), 'accept')
    equal(judgeOf(admission, { kind: voteKinds.finalize, header: three }), 'ignore seen')
    equal(judgeOf(admission, { kind: voteKinds.finalize, header: one }), 'ignore seen')
  })
})

describe('admission of evidence', () => {
  const claim = (observations: Attestation['observations'], changes: Partial<Attestation> = {}) => {
    const { message, signature } = signAttestation(context, attest({ observations, ...changes }))
    return { message: getAttestationClaim(message), signature }
  }
  const votes = (first: Partial<Vote>, second: Partial<Vote>): Evidence =>
    makeVoteEvidence(
      context.networkId,
      signVote(context, vote(first)),
      signVote(context, vote(second)),
    )
  const good = votes({}, { header: two })
  const swapped: Evidence =
    good.selector === 2
      ? { selector: 2, value: { first: good.value.second, second: good.value.first } }
      : good
  const unsigned = (signed: SignedVote): SignedVote => ({
    ...signed,
    signature: new Uint8Array(64),
  })
  const refused: readonly [sentence: string, evidence: Evidence, expected: string][] = [
    ['of two notarize votes', good, 'accept'],
    ['with the greater digest first', swapped, 'reject bad-evidence'],
    ['of the same vote twice', votes({}, {}), 'reject bad-evidence'],
    [
      'of notarize and nullify, which is honest',
      votes({}, { kind: voteKinds.nullify, header: zero }),
      'reject bad-evidence',
    ],
    [
      'of finalize and nullify',
      votes({ kind: voteKinds.finalize }, { kind: voteKinds.nullify, header: zero }),
      'accept',
    ],
    ['of two views', votes({}, { header: two, view: 6 as View }), 'reject bad-evidence'],
    ['of two members', votes({}, { header: two, member: 2 as MemberIndex }), 'reject bad-evidence'],
    [
      'of two attestations of one round',
      makeAttestationEvidence(context.networkId, claim([]), claim([makeObservation()])),
      'accept',
    ],
    [
      'of attestations of two rounds',
      makeAttestationEvidence(
        context.networkId,
        claim([]),
        claim([makeObservation()], { round: 19 as Round }),
      ),
      'reject bad-evidence',
    ],
    [
      'with a signature that is not valid',
      good.selector === 2
        ? { selector: 2, value: { ...good.value, second: unsigned(good.value.second) } }
        : good,
      'reject bad-evidence',
    ],
  ]
  for (const [sentence, evidence, expected] of refused) {
    it(`says '${expected}' to a pair ${sentence}`, () => {
      equal(judge('evidence', encode(evidenceType, evidence)), expected)
    })
  }

  it('drops further pieces against an accused member, and what is of another epoch', () => {
    const admission = make()
    equal(judge('evidence', encode(evidenceType, good), { admission }), 'accept')
    const more = votes({ view: 9 as View }, { view: 9 as View, header: two })
    equal(judge('evidence', encode(evidenceType, more), { admission }), 'ignore already-accused')
    const later = votes({ epoch: next.epoch }, { epoch: next.epoch, header: two })
    equal(judge('evidence', encode(evidenceType, later)), 'ignore epoch-above')
  })
})

describe('admission of a status', () => {
  it('accepts one that is newer than the last and near our clock', () => {
    const admission = make()
    equal(judge('status', reportStatus(), { admission }), 'accept')
    equal(judge('status', reportStatus(), { admission }), 'ignore seen')
    equal(judge('status', reportStatus({ timeMs: nowMs + 1 }), { admission }), 'accept')
    equal(judge('status', reportStatus({ timeMs: nowMs + 60_000 }), { admission }), 'accept')
    equal(
      judge('status', reportStatus({ timeMs: nowMs + 60_001 }), { admission }),
      'ignore clock-too-far',
    )
    equal(judge('status', reportStatus({ timeMs: nowMs - 60_001 })), 'ignore clock-too-far')
  })

  it('refuses text that is not printable, and a signature of another member', () => {
    equal(judge('status', reportStatus({ version: new Uint8Array([7]) })), 'reject bad-text')
    const bytes = reportStatus()
    equal(judge('status', spoil(bytes, 4)), 'reject bad-signature')
  })
})
