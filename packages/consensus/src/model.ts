import {
  type Block,
  type Digest,
  type EpochContext,
  type Evidence,
  getHeaderDigest,
  type Header,
  type Hex,
  type MemberIndex,
  type SignedAttestation,
  type SignedProposal,
  type SignedVote,
  type State,
  type StateTree,
  type UnixMs,
  type Verified,
  type View,
  type ViewCertificate,
} from '@watchfire/attestation'
import type { BlockFault } from './block-checks.ts'
import type { NeedsCache } from './block-needs.ts'
import type { CoreConfig, CoreState, Effect, HaltCode } from './core.ts'
import { getAt, type IntMap, setAt } from './int-map.ts'

// What a core holds. Every object here is immutable: a step works on a shallow copy of the whole,
// the draft, and replaces what changes.

/** An attestation with its digest worked out. */
export interface Held {
  readonly message: SignedAttestation
  readonly digest: Digest
  readonly hex: Hex
}

/** Attestations of one round and shard. */
export interface ShardPool {
  /** The first admitted of each member, by member index. */
  readonly first: readonly (Held | undefined)[]
  /** At most one more per member: the version that others may have had first. */
  readonly second: readonly (Held | undefined)[]
}

/** A block, whatever is known of it. */
export interface BlockRecord {
  readonly digest: Digest
  readonly hex: Hex
  readonly parentHex: Hex
  readonly block: Block
  /** What the body names, in its order, as far as it is held. */
  readonly inputs: readonly (Held | undefined)[]
  /** Position in `inputs` by digest of what is not held. */
  readonly missing: ReadonlyMap<Hex, number>
  /** Whether what needs no attestation is in order (SPEC 6.4.3, 6.4.6, 6.4.8, 6.4.10). */
  readonly isInShape: boolean
  /** What SPEC 6.4.3 and 6.4.6 to 6.4.11 say of it, once parent and inputs are known. */
  readonly outcome: BlockOutcome | undefined
  /** Whether a `store-block` went out for it, or it came from the store. */
  readonly isStored: boolean
}

export type BlockOutcome =
  | { readonly kind: 'valid'; readonly state: State; readonly tree: StateTree }
  | { readonly kind: 'faulty'; readonly fault: BlockFault }

/** The first proposal of a view that was admitted. */
export interface HeldProposal {
  readonly member: MemberIndex
  readonly parentView: View
  readonly hex: Hex
}

/** A vote that counts. */
export interface CountedVote {
  readonly hex: Hex
  readonly signature: Uint8Array
}

/** Votes of one kind in one view, the first of each member: by member index, for the whole committee. */
export type Tally = readonly (CountedVote | undefined)[]

/** What this node signed in a view, or asked its shell to sign (SPEC 6.5). */
export interface OwnVotes {
  readonly proposal: Hex | undefined
  readonly notarize: Hex | undefined
  readonly nullify: boolean
  readonly finalize: Hex | undefined
}

export type VoteName = 'notarize' | 'nullify' | 'finalize'

export interface ViewRecord {
  readonly proposal: HeldProposal | undefined
  /** Why the proposal is refused. */
  readonly refused: string | undefined
  readonly tallies: Readonly<Record<VoteName, Tally | undefined>>
  readonly certificates: Readonly<Record<VoteName, ViewCertificate | undefined>>
  readonly own: OwnVotes
}

/** The highest final block, with the state after it. */
export interface FinalRecord {
  readonly header: Header
  readonly digest: Digest
  readonly hex: Hex
  readonly state: State
  readonly tree: StateTree
}

/** When something missing is asked for again. */
export interface FetchTimer {
  readonly attempts: number
  readonly nextAtMs: UnixMs
}

/** A header that is notarized in a view; a finalization serves as a notarization (SPEC 6.2). */
export interface Notarized {
  readonly view: View
  readonly hex: Hex
}

/** What a vote log holds. */
export interface SignedLog {
  readonly signedProposals: readonly SignedProposal[]
  readonly signedVotes: readonly SignedVote[]
}

export interface Core {
  readonly config: CoreConfig
  readonly nowMs: UnixMs
  readonly context: EpochContext
  /** This node's index in the epoch's committee. */
  readonly me: MemberIndex | undefined
  readonly view: View
  readonly enteredAtMs: UnixMs
  /** How often the view timer is doubled: k of SPEC 6.2. */
  readonly patience: number
  /** The certificate that let the node into its view. */
  readonly entry: ViewCertificate | undefined
  /** Views from `finalView` to 1,000 above the current one. */
  readonly views: IntMap<ViewRecord>
  /**
   * What is notarized, ascending by view, from `finalView` on. The epoch's start counts as notarized
   * in view 0 (SPEC 6.1) until something is final in it.
   */
  readonly notarized: readonly Notarized[]
  /** The highest view with a finalization; 0 for none in this epoch. What is below it is settled. */
  readonly finalView: View
  /** Blocks above the final one: notarized, their ancestors, and proposals of late and near views. */
  readonly blocks: ReadonlyMap<Hex, BlockRecord>
  readonly final: FinalRecord
  /** When that block became final here, or the node started. */
  readonly finalAtMs: UnixMs
  /** Digests of late final blocks by height, the final one included: what conflicts shows. */
  readonly recentFinals: IntMap<Hex>
  /** Finalizations by header, of blocks above the final one. */
  readonly finalizations: ReadonlyMap<Hex, ViewCertificate>
  /** Attestations by round, then shard. */
  readonly pool: IntMap<readonly ShardPool[]>
  /** Evidence not yet in a final block, one piece a member. */
  readonly evidence: ReadonlyMap<MemberIndex, Verified<Evidence>>
  readonly fetches: ReadonlyMap<string, FetchTimer>
  readonly repeatAtMs: UnixMs
  readonly repeatIntervalMs: number
  readonly muteUntilView: View | 'told' | undefined
  /** What an earlier life signed in epochs that this one has not come to yet (SPEC 6.9). */
  readonly signedLater: SignedLog
  readonly halted: HaltCode | undefined
  /** The final block ends its epoch and no context of the next one was given. */
  readonly isEnded: boolean
  /** Nothing of the state: what was last worked out from it. */
  readonly needsCache: NeedsCache
  /** What the rules on blocks and finality last looked at; undefined before they did. */
  readonly surveyed: Surveyed | undefined
  /** What the step in the making asks for; none in a state. */
  readonly effects: readonly Effect[]
}

/** All that decides what the rules on blocks and finality come to. */
export type Surveyed = Pick<
  Core,
  'blocks' | 'notarized' | 'final' | 'finalView' | 'finalizations' | 'halted'
> & { readonly proposed: Hex | undefined }

/** A core in the making, private to one step. */
export type Draft = { -readonly [Key in keyof Core]: Core[Key] } & { effects: Effect[] }

/** The state of an opaque handle. */
export function openState(state: CoreState): Core {
  return state as unknown as Core
}

export function openDraft(core: Core, nowMs: UnixMs): Draft {
  return { ...core, nowMs, effects: [] }
}

/** The draft becomes the state that it is of, without a copy: whoever closes it must let go of it. */
export function closeDraft(draft: Draft): { state: CoreState; effects: readonly Effect[] } {
  const { effects } = draft
  draft.effects = []
  return { state: draft as unknown as CoreState, effects }
}

const emptyRecord: ViewRecord = {
  proposal: undefined,
  refused: undefined,
  tallies: { notarize: undefined, nullify: undefined, finalize: undefined },
  certificates: { notarize: undefined, nullify: undefined, finalize: undefined },
  own: { proposal: undefined, notarize: undefined, nullify: false, finalize: undefined },
}

export function getView(core: Core, view: View): ViewRecord {
  return getAt(core.views, view) ?? emptyRecord
}

export function updateView(draft: Draft, view: View, change: Partial<ViewRecord>): void {
  draft.views = setAt(draft.views, view, { ...getView(draft, view), ...change })
}

export function updateBlock(draft: Draft, record: BlockRecord): void {
  draft.blocks = new Map(draft.blocks).set(record.hex, record)
}

/** The header digest that is notarized in a view, as far as is known (SPEC 6.2). */
export function getNotarized(core: Core, view: View): Hex | undefined {
  return core.notarized.findLast((known) => known.view === view)?.hex
}

/** The notarized block of the highest view; the final one where that is not known (SPEC 6.2). */
export function getTip({ notarized, finalView, final }: Core): Notarized {
  return notarized.at(-1) ?? { view: finalView, hex: final.hex }
}

/** Adds what is notarized in a view, in its place; another header in the same view gives way to a finalized one. */
export function noteNotarized(draft: Draft, entry: Notarized, isFinal: boolean): void {
  const { view } = entry
  const below = isFinal ? [] : draft.notarized.filter((known) => known.view < view)
  const known = draft.notarized.find((other) => other.view === view)
  const above = draft.notarized.filter((other) => other.view > view)
  draft.notarized = [...below, isFinal ? entry : (known ?? entry), ...above]
}

/** A block's header, the final one's included. */
export function getHeader(core: Core, hex: Hex | undefined): Header | undefined {
  if (hex === undefined) return undefined
  return hex === core.final.hex ? core.final.header : core.blocks.get(hex)?.block.header
}

/** The state after a block, once computed. */
export function getStateAfter(
  core: Core,
  hex: Hex,
): { readonly state: State; readonly tree: StateTree } | undefined {
  if (hex === core.final.hex) return core.final
  const outcome = core.blocks.get(hex)?.outcome
  return outcome?.kind === 'valid' ? outcome : undefined
}

/** Name of a proposal's block. */
export function getProposedDigest(core: Core, { message }: SignedProposal): Digest {
  return getHeaderDigest(core.config.networkId, message.block.header)
}
