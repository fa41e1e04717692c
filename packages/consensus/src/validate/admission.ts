import {
  type Brand,
  type Digest,
  type EpochContext,
  type Evidence,
  type Hex,
  limits,
  type MemberIndex,
  type SignedAttestationClaim,
  type SignedProposalClaim,
  type SignedStatus,
  type SignedVote,
  type UnixMs,
  type Verified,
  type View,
  type SignatureCheck,
} from '@watchfire/attestation'
import type { AdmissionWindow, CoreConfig, CoreMessage } from '../core.ts'

// SPEC 8: what admission remembers, what it answers, and how each message's file says so.

/** The topics of SPEC 8, by the names that end them. */
export type TopicName = 'attestation' | 'proposal' | 'vote' | 'certificate' | 'evidence' | 'status'

/** Bytes that a message of a topic may have (SPEC 8.1). */
export const topicBytesMax: Readonly<Record<TopicName, number>> = {
  attestation: limits.attestationBytesMax,
  proposal: limits.proposalBytesMax,
  vote: limits.voteBytesMax,
  certificate: limits.viewCertificateBytesMax,
  evidence: limits.evidenceBytesMax,
  status: limits.statusBytesMax,
}

/** Why a message is not admitted. */
export type AdmissionCode =
  /** Larger than its topic allows, or not the one encoding of anything. */
  | 'too-large'
  | 'malformed'
  | 'epoch-above'
  | 'epoch-below'
  /** Of a later epoch whose committee is not known here. */
  | 'epoch-unknown'
  | 'unknown-member'
  | 'wrong-shard'
  | 'bad-observations'
  | 'early'
  | 'far-future'
  | 'too-old'
  | 'seen'
  | 'equivocation'
  | 'already-accused'
  | 'bad-signature'
  /** The time for slow signature checks is used up for now. */
  | 'deferred'
  | 'bad-kind'
  | 'settled-view'
  | 'view-too-far'
  | 'not-leader'
  | 'wrong-body'
  | 'bad-certificate'
  | 'bad-evidence'
  | 'clock-too-far'
  | 'bad-text'
  /** A bug of ours: the sender is not to blame. */
  | 'internal'

/** A message that passed. `status` is for surfaces only; the core takes the others. */
export type AdmittedMessage =
  | CoreMessage
  | { readonly kind: 'status'; readonly message: Verified<SignedStatus> }

/** What is to be done with a message (SPEC 8). */
export type AdmissionResult =
  | {
      readonly action: 'accept'
      readonly input: AdmittedMessage
      /** What its signature is over; absent for certificates and evidence, which have several. */
      readonly digest?: Digest
      /** Proof against its signer, where a block needs this version although another came first. */
      readonly evidence?: Verified<Evidence>
    }
  | {
      /** reject: the sender answers for it. ignore: it does not. queue: ignored, but worth another try. */
      readonly action: 'reject' | 'ignore' | 'queue'
      readonly code: AdmissionCode
      readonly detail?: string
      /** Proof that the message's signer signed two things for one place: feed it to the core. */
      readonly evidence?: Verified<Evidence>
      /** For `queue`, when the message may pass, as far as that is known. */
      readonly retryAtMs?: UnixMs
    }

/** What `makeAdmission` needs of a core's config. */
export type AdmissionConfig = Pick<CoreConfig, 'networkId' | 'epochs'>

/**
 * What admission remembers, changed in place by whoever owns it: nothing but `admit` and
 * `setAdmissionWindow` touches it. Bounded by the windows of rounds and views and by the committee:
 * only what was verified is remembered.
 */
export type Admission = Brand<object, 'Admission'>

/** The first verified attestation of a member for a round and shard. */
export interface SeenAttestation {
  readonly hex: Hex
  readonly claim: SignedAttestationClaim
}

/** The books behind an {@link Admission}. */
export interface Books {
  readonly config: AdmissionConfig
  context: EpochContext
  window: AdmissionWindow
  /** By round, then by place: the shard times the number of members, plus the member. */
  attestations: Map<number, Map<number, SeenAttestation>>
  /** By view, then by place: see {@link getVotePlace}. */
  votes: Map<number, Map<number, SignedVote>>
  /** By view: only its leader proposes in it. */
  proposals: Map<number, { readonly claim: SignedProposalClaim; readonly digest: Hex }>
  /** By view, the headers held of each kind; at most two of a kind, the second proving a fault (SPEC 6.7). */
  certificates: Map<number, Map<number, Set<Hex>>>
  /** Members against which evidence was made or admitted in this epoch. */
  accused: Set<MemberIndex>
  /** Time of the last admitted status of each member. */
  statuses: Map<MemberIndex, number>
}

/** One message on its way through the checks of its file. */
export interface Candidate {
  readonly books: Books
  readonly bytes: Uint8Array
  readonly nowMs: UnixMs
  readonly check: SignatureCheck
}

type Refused = Exclude<AdmissionResult, { action: 'accept' }>

export function reject(code: AdmissionCode, detail?: string): Refused {
  return { action: 'reject', code, ...(detail === undefined ? {} : { detail }) }
}

export function ignore(code: AdmissionCode, detail?: string): Refused {
  return { action: 'ignore', code, ...(detail === undefined ? {} : { detail }) }
}

export function queue(code: AdmissionCode, retryAtMs?: UnixMs): Refused {
  return { action: 'queue', code, ...(retryAtMs === undefined ? {} : { retryAtMs }) }
}

/** SPEC 8.1 from the epoch on: [QUEUE] above ours, [IGNORE] below, [REJECT] no such member. */
export function checkEpochAndMember(
  books: Books,
  message: { readonly epoch: number; readonly member?: MemberIndex },
): Refused | undefined {
  const { context, config } = books
  if (message.epoch > context.epoch) {
    return config.epochs[message.epoch] === undefined
      ? ignore('epoch-unknown')
      : queue('epoch-above')
  }
  if (message.epoch < context.epoch) return ignore('epoch-below')
  if (message.member !== undefined && message.member >= context.committee.members.length) {
    return reject('unknown-member')
  }
  return undefined
}

/** The signature of one member: [REJECT] where it is not valid, [QUEUE] where it is not decided. */
export function checkSignature(
  { books, check }: Candidate,
  member: MemberIndex,
  signature: Uint8Array,
  digest: Digest,
): Refused | undefined {
  const publicKey = books.context.committee.members[member]?.publicKey
  if (publicKey === undefined) return reject('unknown-member')
  const verdict = check(signature, digest, publicKey)
  if (verdict === 'deferred') return queue('deferred')
  return verdict === 'valid' ? undefined : reject('bad-signature')
}

/** Evidence that admission made itself: the member is accused from now on, and gets no further piece. */
export function accuse(books: Books, member: MemberIndex, evidence: Verified<Evidence>): Refused {
  books.accused.add(member)
  return { action: 'ignore', code: 'equivocation', evidence }
}

/** Where a vote of a view is remembered: a member casts at most one of each of three kinds. */
export function getVotePlace(member: MemberIndex, kind: number): number {
  return 4 * member + kind
}

/** The map at a key, made where there is none. */
export function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** SPEC 8.3: [IGNORE] what is settled, or so far ahead that it bounds nothing. */
export function checkView(books: Books, view: View, ahead: number): Refused | undefined {
  if (view <= books.window.finalView) return ignore('settled-view')
  if (view > books.window.view + ahead) return ignore('view-too-far')
  return undefined
}
