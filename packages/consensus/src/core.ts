import type {
  Block,
  Brand,
  Certificate,
  Digest,
  Epoch,
  EpochContext,
  Evidence,
  Header,
  Height,
  MemberIndex,
  MonitorId,
  Proposal,
  Round,
  SignedAttestation,
  SignedProposal,
  SignedVote,
  State,
  UnixMs,
  Verified,
  Verify,
  View,
  ViewCertificate,
  Vote,
} from '@watchfire/attestation'

// What goes into the agreement core and what comes out of it (SPEC 6). The core knows no gossip,
// clock, disk or key: whoever runs it feeds inputs in and carries effects out, in their order.

/** What a core is made with; it never changes afterwards. */
export interface CoreConfig {
  readonly networkId: Digest
  /** One context per epoch, the index being the epoch. In production the first is the only one. */
  readonly epochs: readonly EpochContext[]
  /** This node: its id, or its index where that is the same in every epoch given; undefined for an observer. */
  readonly me: MonitorId | MemberIndex | undefined
  /** Verifies signatures of evidence inside blocks; all other messages come in verified. */
  readonly verify: Verify
}

/** A block that the node holds as final, with the state after it. */
export interface FinalBlock {
  readonly header: Header
  readonly headerDigest: Digest
  readonly state: State
  /** Absent for genesis, which is final by definition (SPEC 9.3). */
  readonly certificate?: Certificate
}

/** What a restarting node found on its disk (SPEC 6.9). Lists may be in any order. */
export interface Recovery {
  /** The highest final block; undefined: genesis. */
  readonly final: FinalBlock | undefined
  /** Blocks above the final one. */
  readonly blocks: readonly Block[]
  /** Attestations those blocks name, and the node's own and others' of late rounds. */
  readonly attestations: readonly SignedAttestation[]
  /** Certificates of views above the final one's. */
  readonly certificates: readonly ViewCertificate[]
  /** Every proposal kept in the vote log for views above the final one's. */
  readonly signedProposals: readonly SignedProposal[]
  /** Every vote kept in the vote log for views above the final one's. */
  readonly signedVotes: readonly SignedVote[]
  /** Evidence kept and perhaps not in a block yet. */
  readonly evidence?: readonly Evidence[]
  /**
   * The first view in which the node may sign again. `told`: it signs nothing until an `unmute`
   * input says from which view on (SPEC 6.9).
   */
  readonly muteUntilView?: View | 'told'
  /** Why the node stopped voting for good in an earlier life (SPEC 6.7, 6.8); whoever kept the alarm says so. */
  readonly halted?: HaltCode
}

/** A message that passed admission (SPEC 8) and that the core takes. */
export type CoreMessage =
  | {
      readonly kind: 'attestation'
      readonly message: Verified<SignedAttestation>
      readonly digest: Digest
    }
  | { readonly kind: 'proposal'; readonly message: Verified<SignedProposal> }
  | { readonly kind: 'vote'; readonly message: Verified<SignedVote> }
  | { readonly kind: 'certificate'; readonly message: Verified<ViewCertificate> }
  | { readonly kind: 'evidence'; readonly message: Verified<Evidence> }

/** What may happen to a core. Each names the time at which it happens, by the wall clock. */
export type Input = { readonly nowMs: UnixMs } & (
  | CoreMessage
  | { readonly kind: 'tick' }
  /** A block that came by `fetch-blocks`. It may be unasked-for or false: the core checks its hashes. */
  | { readonly kind: 'block'; readonly block: Block }
  /** A certificate, with the state it certifies, that came by `sync`. */
  | {
      readonly kind: 'synced'
      readonly certificate: Verified<Certificate>
      readonly state: State
    }
  /** Two certificates that cannot both be, as a sync met them (SPEC 6.7). */
  | { readonly kind: 'conflict'; readonly certificates: readonly Verified<Certificate>[] }
  /** The node may sign from this view on (SPEC 6.9). */
  | { readonly kind: 'unmute'; readonly fromView: View }
  /** Something under this node's key, that its log does not hold, was met where the core does not look (SPEC 6.9). */
  | { readonly kind: 'mute'; readonly detail: string }
)

/** Alarms after which the node never votes again by itself (SPEC 6.7, 6.8). */
export type HaltCode = 'state-root-mismatch' | 'invalid-notarization' | 'conflicting-finality'

/**
 * `unknown-own-signature`: something valid under this node's key is about that its log does not
 * hold. The core falls silent until an `unmute` (SPEC 6.9).
 */
export type AlarmCode = HaltCode | 'unknown-own-signature'

/** What an alarm rests on, to be kept for whoever investigates. Fields are present as the code has use for them. */
export interface AlarmInputs {
  readonly block?: Block
  readonly parentState?: State
  readonly attestations?: readonly SignedAttestation[]
  readonly computedState?: State
  readonly headers?: readonly Header[]
  readonly certificates?: readonly (ViewCertificate | Certificate)[]
  readonly message?: SignedVote | SignedProposal
}

/**
 * What the shell must do, in the order given, each before the next. What fails to become durable
 * stops the node: nothing after it may be carried out.
 */
export type Effect =
  /** Make block and attestations durable and flush, before anything that follows (SPEC 6.4.12). `attestations` are in the order of the body's references. */
  | {
      readonly kind: 'store-block'
      readonly block: Block
      readonly digest: Digest
      readonly attestations: readonly SignedAttestation[]
    }
  | { readonly kind: 'store-certificate'; readonly certificate: ViewCertificate }
  /** Sign, log, flush, publish, and feed back in through admission. */
  | { readonly kind: 'sign-proposal'; readonly proposal: Proposal }
  /** Sign, log, flush, publish, and feed back in through admission. */
  | { readonly kind: 'sign-vote'; readonly vote: Vote }
  | { readonly kind: 'publish-certificate'; readonly certificate: ViewCertificate }
  /** Send again, over direct streams, what was signed for these views as it was signed, the certificate, and own attestations of rounds that no block covers. */
  | {
      readonly kind: 'repeat'
      readonly epoch: Epoch
      readonly fromView: View
      readonly toView: View
      readonly certificate: ViewCertificate | undefined
    }
  /** At most 256 digests. `from` is a member that claims to hold them. */
  | {
      readonly kind: 'fetch-attestations'
      readonly digests: readonly Digest[]
      readonly from: MemberIndex | undefined
    }
  /** At most 64 header digests. */
  | { readonly kind: 'fetch-blocks'; readonly digests: readonly Digest[] }
  /** Certificates of these views, both ends included, at most 256. */
  | {
      readonly kind: 'fetch-views'
      readonly epoch: Epoch
      readonly from: View
      readonly to: View
    }
  /** Ask for certificates from `height` on, and for the state of the highest (SPEC 11). */
  | { readonly kind: 'sync'; readonly height: Height }
  /** A block became final; these come in ascending order of height, without a gap save by `synced`. */
  | {
      readonly kind: 'finalize'
      readonly block: Block
      readonly headerDigest: Digest
      readonly certificate: Certificate
      readonly state: State
    }
  /** Keep and publish: this member signed two things for one place. */
  | { readonly kind: 'accuse'; readonly evidence: Evidence }
  | {
      readonly kind: 'alarm'
      readonly code: AlarmCode
      readonly detail: string
      readonly inputs: AlarmInputs
    }

/** A core as it stands. Opaque and immutable: only `start` and `step` make one, `getStatus` and `getAdmissionWindow` read it. */
export type CoreState = Brand<object, 'CoreState'>

/** What a step gives. The state passed in stays valid and unchanged. */
export interface StepResult {
  readonly state: CoreState
  readonly effects: readonly Effect[]
  /** When a `tick` is wanted next, if nothing happens before; undefined for never. May lie in the past: tick at once. */
  readonly wakeAtMs: UnixMs | undefined
}

/** What surfaces show of a core. Never an input to agreement. */
export interface Status {
  readonly epoch: Epoch
  readonly view: View
  readonly enteredViewAtMs: UnixMs
  /** The view's leader. */
  readonly leader: MemberIndex
  readonly finalHeight: Height
  readonly finalRound: Round
  /** Round of the notarized block that the next is built on. */
  readonly tipRound: Round
  readonly tipHeight: Height
  /** Whether the node signs nothing for now, lacking its log (SPEC 6.9). */
  readonly muted: boolean
  /** Why the node votes no more. */
  readonly halted?: HaltCode
  /** When the view's timer fires or fired. */
  readonly viewDeadlineMs: UnixMs
  /** Present once the timer has fired: agreement waits for others. */
  readonly waiting?: {
    /** Members whose votes for this view have come in. */
    readonly heard: readonly MemberIndex[]
    readonly heardWeight: number
    readonly quorum: number
  }
  /** Whether the final block ends its epoch and the next one is not known here. */
  readonly ended: boolean
  /** Digests that a held block names and that are not held: admission lets them pass window and version checks. */
  readonly missingAttestations: number
  readonly missingBlocks: number
  /** Members accused here or excluded by the final state, ascending. */
  readonly excluded: readonly MemberIndex[]
}

/** What admission needs to know of the core (SPEC 8), to be handed over after each step. */
export interface AdmissionWindow {
  readonly epoch: Epoch
  /** Highest view with a finalization: what is at or below it is settled. */
  readonly finalView: View
  readonly view: View
  /** Attestation digests that a held block names. */
  readonly wanted: ReadonlySet<string>
  /**
   * The header of the certificate of a view and vote kind that the core holds, its own making included,
   * and wants no other of. Undefined also where this node has not cast that vote: another certificate may
   * have its signature, which must then be met (SPEC 6.9).
   */
  readonly getHeldHeader: (view: View, kind: number) => Digest | undefined
}
