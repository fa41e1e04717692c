import type {
  Block,
  Certificate,
  Digest,
  Epoch,
  Evidence,
  Header,
  Height,
  MemberIndex,
  Round,
  SignedStatus,
  State,
  UnixMs,
  View,
  ViewCertificate,
} from '@watchfire/attestation'
import type { AlarmCode, Recovery } from '@watchfire/consensus'

// The seams of a node: what its parts ask of each other. Only compose.ts makes the adapters behind
// them, and tests put their own there.

// --- Time and talk

/** Wall clock and timers; the only source of time inside the node. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, by this machine. */
  nowMs(): UnixMs
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonicMs(): number
  /** Calls `run` once, after `delayMs`; the answer cancels it. */
  setTimer(delayMs: number, run: () => void): () => void
}

/** What the node says to its operator. A pino logger is one. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  fatal(fields: object, message: string): void
}

/** Counts of what happened, for `/metrics` and for tests. Names and labels come from closed sets. */
export interface Counters {
  /** Adds `by` (1) to a counter; `label` is a code such as a drop's reason, never a peer's text. */
  add(name: string, label?: string, by?: number): void
  /** Sets a gauge. */
  set(name: string, value: number, label?: string): void
  /**
   * Adds one duration to a distribution, such as `probe` by kind or `vote-log-flush`. Absent where
   * nobody reads distributions: call it as `counters.observe?.(…)`.
   */
  observe?(name: string, durationMs: number, label?: string): void
  /** All that was counted, in the order it first was. */
  list(): readonly CounterSample[]
}
/** Counters that take distributions too. */
export interface Meter extends Counters {
  /** One more duration of this name, in milliseconds. */
  observe(name: string, durationMs: number, label?: string): void
}
export interface CounterSample {
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  readonly label: string | undefined
  readonly value: number
}

// --- What was signed (SPEC 6.5, 6.9)

/** Where one key may sign one thing: a second thing for the same place is equivocation. */
export type Place =
  | {
      readonly kind: 'attestation'
      readonly epoch: Epoch
      readonly round: Round
      readonly shard: number
    }
  | { readonly kind: 'proposal'; readonly epoch: Epoch; readonly view: View }
  | { readonly kind: 'vote'; readonly epoch: Epoch; readonly view: View; readonly vote: number }

/** One signed message as it was kept: `bytes` are the SSZ that go out, never made anew. */
export interface KeptMessage {
  readonly place: Place
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** From where on a key may sign. */
export interface SigningFloor {
  readonly epoch: Epoch
  readonly view: View
  readonly round: Round
}

export type StorageFaultCode =
  | 'disk-full'
  | 'write-failed'
  | 'conflict'
  | 'corrupt'
  | 'newer-format'

/**
 * What a {@link VoteLog} or {@link Store} throws: nothing of the call was kept, and nothing of it may
 * be published. The loop stops the node with it.
 */
export class StorageFault extends Error {
  readonly code: StorageFaultCode
  constructor(code: StorageFaultCode, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.name = 'StorageFault'
    this.code = code
  }
}

/**
 * One signed thing a place, for ever. `append` returns only once everything is on disk, flushed for
 * power loss, and keeps all or nothing.
 *
 * @throws {StorageFault} from every method; `conflict` when another digest stands at the place.
 */
export interface VoteLog {
  /** Chosen when the log was made; the key's sidecar names it, so that a missing log is noticed. */
  readonly logId: string
  /** Entries ever appended: it never falls, so that a rolled-back log is noticed. */
  readonly count: number
  /** Below it nothing is ever signed: a view and a round of an epoch (SPEC 6.9). */
  readonly floor: SigningFloor
  /** Keeps and flushes a higher floor; a lower one changes nothing. */
  raiseFloor(floor: SigningFloor): void
  isBelowFloor(place: Place): boolean
  /** Keeps and flushes; what stands there already with the same digest is left as it is. */
  append(messages: readonly KeptMessage[]): void
  get(place: Place): KeptMessage | undefined
  /** Proposals and votes of views `from` to `to`, both included, ascending by view. */
  listViews(epoch: Epoch, from: View, to: View): readonly KeptMessage[]
  /** Attestations of round `from` and later, ascending by round and shard. */
  listAttestations(epoch: Epoch, from: Round): readonly KeptMessage[]
  close(): void
}

// --- What is known

/** A block that is final, with what proves it and the state it led to. */
export interface FinalRecord {
  readonly header: Header
  readonly headerDigest: Digest
  readonly certificate: Certificate
  /** Absent when only the certificate was synced, or when the state left its window. */
  readonly state: State | undefined
}

/** An attestation as it was received: `bytes` are its SignedAttestation. */
export interface StoredAttestation {
  readonly digest: Digest
  readonly epoch: Epoch
  readonly round: Round
  readonly shard: number
  readonly member: MemberIndex
  readonly bytes: Uint8Array
  readonly receivedAtMs: UnixMs
}

export interface AttestationFilter {
  readonly round?: Round | undefined
  /** Only rounds up to this one: where the page before ended. */
  readonly roundMax?: Round | undefined
  readonly member?: MemberIndex | undefined
  /** Shard of the target asked for. */
  readonly shard?: number | undefined
  /** At most this many, newest rounds first; 1 to 1000. */
  readonly limit: number
}

/** One step's writes, kept together: all of it or nothing. */
export interface StoreBatch {
  readonly blocks?: readonly { readonly digest: Digest; readonly block: Block }[]
  readonly attestations?: readonly StoredAttestation[]
  readonly certificates?: readonly ViewCertificate[]
  readonly finals?: readonly FinalRecord[]
  readonly evidence?: readonly {
    readonly offender: MemberIndex
    readonly evidence: Evidence
    /** A final block holds it: it takes the place of a piece known before. */
    readonly isFinal: boolean
  }[]
  readonly alarms?: readonly KeptAlarm[]
}

/** An alarm of the core, with what it rests on as text for whoever investigates (SPEC 6.7, 6.8). */
export interface KeptAlarm {
  readonly code: AlarmCode
  readonly detail: string
  readonly atMs: UnixMs
  readonly inputs: string
}

/**
 * What the node knows of the network: blocks, attestations, certificates, states, evidence. Bounded:
 * certificates for ever, the rest for a window.
 *
 * @throws {StorageFault} from every method.
 */
export interface Store {
  /** Keeps and flushes all of a step's writes, or none. What is held already is left, save evidence. */
  put(batch: StoreBatch): void
  getAttestation(digest: Digest): Uint8Array | undefined
  listAttestations(filter: AttestationFilter): readonly StoredAttestation[]
  getBlock(digest: Digest): Block | undefined
  /** Ascending by view, then kind. */
  listViewCertificates(epoch: Epoch, from: View, to: View): readonly ViewCertificate[]
  /** The held certificate of the highest view of an epoch. */
  getHighestViewCertificate(epoch: Epoch): ViewCertificate | undefined
  /** The highest final block whose state is kept; certificates of a sync cut short may lie above. */
  getFinalTip(): FinalRecord | undefined
  getFinal(height: Height): FinalRecord | undefined
  /** The final block of exactly this round. */
  getFinalAtRound(round: Round): FinalRecord | undefined
  /** Certificates ascending from a height, at most `count`. */
  listCertificates(from: Height, count: number): readonly Certificate[]
  /** ssz(State) with this root, while kept. */
  getStateBytes(root: Digest): Uint8Array | undefined
  /** Lowest height whose state is still kept. */
  getStateFloor(): Height | undefined
  /** One piece a member, ascending by member. */
  listEvidence(epoch: Epoch): readonly Evidence[]
  listAlarms(): readonly KeptAlarm[]
  /** What the core starts from; the votes in it come from the vote log (compose joins them). */
  recover(epoch: Epoch): Omit<Recovery, 'signedProposals' | 'signedVotes' | 'muteUntilView'>
  /** Drops what left its window. */
  prune(now: { readonly round: Round; readonly finalView: View; readonly epoch: Epoch }): void
  close(): void
}

// --- The network

/** The topics of SPEC 8, by the number they have on the `direct` stream (SPEC 10). */
export const topicNumbers = {
  attestation: 0,
  proposal: 1,
  vote: 2,
  certificate: 3,
  evidence: 4,
  status: 5,
} as const
export type TopicName = keyof typeof topicNumbers

/** What gossipsub is told about a message (SPEC 8). */
export type Acceptance = 'accept' | 'reject' | 'ignore'

/** One message as it came in; its bytes are unchecked beyond the topic's size. */
export interface InboundMessage {
  readonly topic: TopicName
  /** The shard of the topic; `undefined` where the way it came in names none (direct, fetch). */
  readonly shard: number | undefined
  readonly bytes: Uint8Array
  /** Peer that handed it to us, in its text form; ours for our own. */
  readonly from: string
  readonly via: 'gossip' | 'direct' | 'fetch' | 'self'
}

/** Bytes and the peer they came from, so that a bad answer is charged to it. */
export interface Fetched {
  readonly bytes: Uint8Array
  readonly from: string
}

/** What one peer answered on `highest` (SPEC 10); nothing in it is verified. */
export interface HighestAnswer {
  readonly from: string
  readonly certificate: Uint8Array | undefined
  readonly height: number
  readonly round: number
  readonly member: number | undefined
  /** SignedVotes. */
  readonly own: readonly Uint8Array[]
}

/** A connected peer, as surfaces show it; what it says of itself is its word alone. */
export interface PeerInfo {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly direction: 'inbound' | 'outbound'
  readonly connectedAtMs: number
  /** Member whose own message this peer was first to bring, lately; a guess for display. */
  readonly monitor?: string | undefined
  readonly score?: number | undefined
  readonly agent?: string | undefined
  readonly topics?: readonly string[] | undefined
  readonly latencyMs?: number | undefined
}

/**
 * The node's way to its peers. Calls that ask peers end with what came until `signal` or their own
 * deadline; no answer is an empty one, never a throw.
 */
export interface Network {
  readonly peerId: string
  /** Addresses others can dial, with peer id. */
  readonly addresses: readonly string[]
  /** Gossips; resolves with the peers it went to (0: nobody heard). Never rejects on lack of peers. */
  publish(topic: TopicName, shard: number, bytes: Uint8Array): Promise<number>
  /** Sends again over direct streams to all committee peers; what a slow peer cannot take is dropped. */
  sendDirect(messages: readonly { readonly topic: TopicName; readonly bytes: Uint8Array }[]): void
  /** Sets the one handler of everything that comes in by gossip or `direct`. */
  onMessage(handler: (message: InboundMessage) => Acceptance): void
  /** Called for each peer connected or gone. */
  onPeersChange(handler: () => void): void
  /** SignedAttestations by digest; `hint` is a peer likely to hold them. */
  fetchAttestations(
    digests: readonly Digest[],
    hint: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Fetched[]>
  /** Blocks by header digest. */
  fetchBlocks(
    digests: readonly Digest[],
    hint: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Fetched[]>
  /** ViewCertificates of views `from` to `to`. */
  fetchViews(epoch: Epoch, from: View, to: View, signal: AbortSignal): Promise<readonly Fetched[]>
  /** Certificates ascending from a height, as one peer answered; another call may ask another peer. */
  fetchCertificates(from: Height, count: number, signal: AbortSignal): Promise<readonly Fetched[]>
  /** ssz(State), joined from chunks of one or more peers; the caller checks the root. */
  fetchState(root: Digest, signal: AbortSignal): Promise<Fetched | undefined>
  /** Every connected peer's answer. */
  fetchHighest(epoch: Epoch, signal: AbortSignal): Promise<readonly HighestAnswer[]>
  /** A peer's fetched answer was wrong: charge it. */
  reportPeer(peer: string, code: string): void
  peers(): readonly PeerInfo[]
  close(): Promise<void>
}

/** What the network serves to peers (SPEC 10), read from store and loop. All bytes are SSZ. */
export interface NetworkSource {
  getAttestation(digest: Digest): Uint8Array | undefined
  getBlock(headerDigest: Digest): Uint8Array | undefined
  listViewCertificates(epoch: Epoch, from: View, to: View): readonly Uint8Array[]
  listCertificates(from: Height, count: number): readonly Uint8Array[]
  getStateBytes(root: Digest): Uint8Array | undefined
  getHighest(epoch: Epoch): {
    readonly certificate: Uint8Array | undefined
    readonly height: Height
    readonly round: Round
    readonly member: MemberIndex | undefined
    readonly own: readonly Uint8Array[]
  }
}

/**
 * Rations the slow signature check, which a forger can make us run (SPEC 2.3): membership is only a
 * claim until the signature holds, so the connection pays, never the claimed signer.
 */
export interface SignatureBudget {
  /** Takes one slow check for a message this peer brought; false: wait, and try again later. */
  take(peer: string, isNamedByBlock: boolean): boolean
}

/** A member's status record as last heard (SPEC 8.5). Never trusted for agreement. */
export interface HeardStatus {
  readonly signed: SignedStatus
  readonly receivedAtMs: UnixMs
}
