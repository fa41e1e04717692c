import type {
  Attestation,
  Certificate,
  Digest,
  EpochContext,
  Evidence,
  Header,
  Height,
  Manifest,
  MemberIndex,
  MonitorId,
  Round,
  State,
  Status,
  TargetId,
  TargetState,
  UnixMs,
} from '@watchfire/attestation'
import type { UnwellCause } from './health/self-health.ts'
import type { ClockOffset } from './health/sntp.ts'
import type { Counters, PeerInfo } from './ports.ts'

/** A final block with its state and the file that proves both (SPEC 9.2). */
export interface FeedRecord {
  readonly height: Height
  readonly round: Round
  readonly header: Header
  readonly headerDigest: Digest
  readonly certificate: Certificate
  readonly state: State
  /** ssz(CertificateFile): what a follower verifies. */
  readonly file: Uint8Array
}

/**
 * A record, or why there is none: `not-yet` (a round or height still to come), `gap` (no block covers
 * the round), `pruned` (the certificate is kept, its state is not), `unknown` (before this node's first).
 */
export type FeedAnswer =
  | { readonly ok: true; readonly record: FeedRecord }
  | {
      readonly ok: false
      readonly code: 'not-yet' | 'gap' | 'pruned' | 'unknown'
      readonly detail: string
    }

/** What proves one target of a certified state (SPEC 7.10). */
export interface FeedProof {
  readonly record: FeedRecord
  readonly targetIndex: number
  readonly target: TargetState
  /** Siblings from leaf to root (SPEC 7.10). */
  readonly branch: readonly Uint8Array[]
}

/** A member as this node knows it. */
export interface FeedMonitor {
  readonly id: MonitorId
  readonly index: MemberIndex
  readonly weight: number
  readonly region: string
  readonly network: string
  readonly operator: string
  readonly publicKey: Uint8Array
  readonly isSelf: boolean
  /** Round of the newest attestation of it that was admitted here since the start. */
  readonly lastAttestationRound: Round | undefined
  /** When anything signed by it was last admitted here. */
  readonly lastHeardMs: UnixMs | undefined
  /** Its last status record; its word alone. */
  readonly status: Status | undefined
  /** Its clock less ours, from its status record, as far as that can be told. */
  readonly clockOffsetMs: number | undefined
  /** Round of its exclusion in the latest state. */
  readonly excludedSince: Round | undefined
}

/** An attestation that was admitted here, its signature valid. */
export interface FeedAttestation {
  readonly digest: Digest
  readonly receivedAtMs: UnixMs
  /** SignedAttestation as received. */
  readonly bytes: Uint8Array
  readonly message: Attestation
  readonly signature: Uint8Array
}

/** Proof that a member signed two things for one place (SPEC 8.4), and how far it has come. */
export interface FeedEvidence {
  readonly offender: MonitorId
  readonly evidence: Evidence
  /** Names this piece (SPEC 9.6). */
  readonly digest: Digest
  /** ssz(EvidenceFile): what a reader verifies. */
  readonly file: Uint8Array
  /**
   * The block since which the offender's observations do not count; none while the evidence waits for
   * one. The height is absent where this node does not hold that block's certificate.
   */
  readonly inclusion: { readonly round: Round; readonly height: Height | undefined } | undefined
}

/** `waiting`: too few members are heard; `stalled`: enough are, and yet nothing is certified. */
export type AgreementStatus = 'ok' | 'waiting' | 'stalled' | 'halted'

/** How this node is; its own word, for people and machines. */
export interface NodeStatus {
  readonly version: string
  readonly networkId: Digest
  readonly networkName: string
  readonly monitor: MonitorId | undefined
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly startedAtMs: UnixMs
  readonly nowMs: UnixMs
  readonly epoch: number
  readonly view: number
  /** The clock's round; none before the network's origin. */
  readonly round: Round | undefined
  readonly finalHeight: Height
  readonly finalRound: Round
  /** When the final tip stops being fresh (SPEC 9.5); none before the first certificate. */
  readonly validUntilMs: UnixMs | undefined
  readonly agreement: AgreementStatus
  /** `agreement` in words, one line, for people. */
  readonly reason: string
  readonly heard: {
    readonly members: number
    readonly membersTotal: number
    readonly weight: number
    readonly weightTotal: number
    readonly quorum: number
    readonly silent: readonly MonitorId[]
  }
  /** Signs nothing until it is safe (SPEC 6.9). */
  readonly isQuarantined: boolean
  /** This node's own health: why it abstains, if it does. */
  readonly selfHealth: {
    readonly healthy: boolean
    readonly cause: UnwellCause | undefined
    /** The cause in words. */
    readonly reason: string | undefined
    /** How many of the operator's canaries there are, and failed in the last round. */
    readonly canaries: { readonly total: number; readonly failed: number } | undefined
  }
  /** Our clock less the committee's middle; none until enough status records were heard. */
  readonly clockOffsetMs: number | undefined
  /** Our clock less that of the operator's time servers; none without, or while none answers. */
  readonly timeServer: ClockOffset | undefined
  /** One line when the clock is off by more than the bound. */
  readonly clockNotice: string | undefined
  readonly ready: boolean
  /** Why not ready; empty when ready. */
  readonly notReady: readonly string[]
}

/** What the HTTP feed reads: a read-only view of the node, made by the composition root. */
export interface FeedSource {
  readonly manifest: Manifest
  readonly networkId: Digest
  readonly context: EpochContext
  readonly counters: Counters
  nowMs(): UnixMs
  latest(): FeedRecord | undefined
  atHeight(height: Height): FeedAnswer
  /** The block of that round, or the `gap` it lies in. */
  atRound(round: Round): FeedAnswer
  /** Records above a height, ascending, at most `limit`, as far as their state is kept. */
  listAfter(height: Height, limit: number): readonly FeedRecord[]
  /** Lowest height whose record can still be given. */
  floor(): Height | undefined
  proof(
    target: TargetId,
    height?: Height,
  ):
    | { readonly ok: true; readonly proof: FeedProof }
    | Extract<FeedAnswer, { ok: false }>
    | { readonly ok: false; readonly code: 'no-target'; readonly detail: string }
  /** Newest rounds first, in each round in a fixed order; `limit` is at most 1000. */
  attestations(filter: {
    readonly round?: Round | undefined
    /** Only rounds up to this one: where the page before ended. */
    readonly roundMax?: Round | undefined
    readonly monitor?: MonitorId | undefined
    readonly target?: TargetId | undefined
    readonly limit: number
  }): readonly FeedAttestation[]
  monitors(): readonly FeedMonitor[]
  peers(): readonly PeerInfo[]
  /** At most one piece a member, in the committee's order; the same list until something changes. */
  evidence(): readonly FeedEvidence[]
  /** Tells when evidence became known; that a block holds it is told by the block's record. */
  onEvidence(listener: () => void): () => void
  status(): NodeStatus
  /** Calls `listener` for each record as it becomes final; the answer ends it. */
  subscribe(listener: (record: FeedRecord) => void): () => void
}
