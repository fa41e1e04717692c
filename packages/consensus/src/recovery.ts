import {
  type EpochContext,
  type Evidence,
  getAttestationDigest,
  getHeaderDigest,
  toHex,
  type UnixMs,
  updateStateTree,
  type Verified,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { onEvidence } from './accuse.ts'
import { toHeld } from './attestation-pool.ts'
import { addBlock, onAttestation } from './blocks.ts'
import type { CoreConfig, FinalBlock, Recovery, StepResult } from './core.ts'
import { endEpoch, getOwnIndex } from './epochs.ts'
import { makeIntMap, setAt } from './int-map.ts'
import { invariant } from './invariant.ts'
import { type Core, type Draft, getView, openDraft } from './model.ts'
import { checkOwnSignature } from './mute.ts'
import { repeatViews } from './repeat.ts'
import { restoreSigned } from './restore.ts'
import { getGenesisHeader, getGenesisState } from './state.ts'
import { settle } from './step.ts'
import { onVote } from './tally.ts'
import { finalizeAllNotarized, recordCertificate } from './views.ts'
import { onProposal } from './vote.ts'

/**
 * A core as its node left it, or a new one (SPEC 6.1, 6.9). What the log holds counts as signed
 * before anything else is looked at, so that a restart cannot sign twice.
 *
 * @param recovery what the disk holds; it is trusted, being this node's own
 * @param nowMs the wall clock
 * @returns the state, and effects among which the kept messages are sent again
 * @throws InvariantError when `recovery` is of another network or epoch than `config` knows
 */
export function start(config: CoreConfig, recovery: Recovery, nowMs: UnixMs): StepResult {
  const draft = openDraft(makeCore(config, recovery, nowMs), nowMs)
  restoreFinality(draft, recovery.final)
  restoreSigned(draft)
  for (const block of recovery.blocks) {
    if (block.header.height <= draft.final.header.height) continue
    addBlock(draft, block, getHeaderDigest(config.networkId, block.header), true)
  }
  for (const message of recovery.attestations) {
    const digest = getAttestationDigest(config.networkId, message.message)
    onAttestation(draft, toHeld(message, digest))
  }
  replay(draft, recovery)
  return settle(draft)
}

function makeCore(config: CoreConfig, recovery: Recovery, nowMs: UnixMs): Core {
  const final = getFinal(config, recovery.final)
  const context = config.epochs[final.header.epoch]
  invariant(context !== undefined, 'the epoch of the final block is known')
  const { viewTimeoutMs } = context.parameters
  return {
    config,
    nowMs,
    context,
    me: getOwnIndex(config, context),
    view: 1 as View,
    enteredAtMs: nowMs,
    patience: 0,
    entry: undefined,
    views: makeIntMap(),
    notarized:
      recovery.final?.certificate === undefined ? [{ view: 0 as View, hex: final.hex }] : [],
    finalView: 0 as View,
    blocks: new Map(),
    final,
    finalAtMs: nowMs,
    recentFinals: setAt(makeIntMap(), final.header.height, final.hex),
    finalizations: new Map(),
    pool: makeIntMap(),
    evidence: new Map(),
    fetches: new Map(),
    repeatAtMs: (nowMs + viewTimeoutMs) as UnixMs,
    repeatIntervalMs: viewTimeoutMs,
    muteUntilView: recovery.muteUntilView,
    signedLater: recovery,
    halted: recovery.halted,
    isEnded: false,
    needsCache: { last: undefined },
    surveyed: undefined,
    effects: [],
  }
}

function getFinal(config: CoreConfig, final: FinalBlock | undefined): Core['final'] {
  const [first] = config.epochs
  invariant(first !== undefined, 'there is an epoch 0')
  const { header, state } = final ?? getGenesisBlock(first)
  const digest = final?.headerDigest ?? getHeaderDigest(config.networkId, header)
  const tree = updateStateTree(undefined, state)
  invariant(
    toHex(tree.root) === toHex(header.stateRoot),
    'the state kept for the final block has its root',
  )
  return { header, digest, hex: toHex(digest), state, tree }
}

function getGenesisBlock(context: EpochContext): Pick<FinalBlock, 'header' | 'state'> {
  return { header: getGenesisHeader(context), state: getGenesisState(context) }
}

/** The view in which the final block, or the last of its descendants, was finalized. */
function restoreFinality(draft: Draft, final: FinalBlock | undefined): void {
  if (final?.certificate === undefined) return
  const { view, header, descendants, signatures } = final.certificate
  if (header.next.length > 0) {
    const { muteUntilView } = draft
    endEpoch(draft)
    draft.muteUntilView = muteUntilView
    return
  }
  const last = descendants.at(-1) ?? header
  record(draft, {
    epoch: header.epoch,
    view,
    kind: voteKinds.finalize,
    header: getHeaderDigest(draft.config.networkId, last),
    signatures,
  })
}

/** Feeds in what is held, in an order that does not depend on the disk's, and sends it again. */
function replay(draft: Draft, recovery: Recovery): void {
  const ascending = recovery.certificates.toSorted((a, b) => a.view - b.view || a.kind - b.kind)
  for (const certificate of ascending) {
    // The store may remember what a log that was rolled back does not.
    checkOwnSignature(draft, certificate)
    record(draft, certificate)
  }
  for (const signed of recovery.signedProposals) onProposal(draft, signed)
  for (const signed of recovery.signedVotes) onVote(draft, signed)
  const before = draft.effects.length
  for (const evidence of recovery.evidence ?? []) {
    onEvidence(draft, evidence as Verified<Evidence>)
  }
  // It was passed on when it was found.
  draft.effects.length = before
  finalizeAllNotarized(draft)
  if (draft.me === undefined) return
  // A view that the log says was signed in was not entered anew: what let the node in is held all the same.
  draft.entry ??= getEntry(draft)
  const views = [...recovery.signedProposals, ...recovery.signedVotes]
    .map(({ message }) => message.view)
    .filter((view) => view > draft.finalView)
  repeatViews(draft, Math.min(draft.view, ...views) as View, draft.entry)
}

/** A certificate that lets into the current view (SPEC 6.2). */
function getEntry(core: Core): Core['entry'] {
  const { finalize, notarize, nullify } = getView(core, (core.view - 1) as View).certificates
  return finalize ?? notarize ?? nullify
}

/** As `recordCertificate`, for what is stored already and was forwarded in an earlier life. */
function record(draft: Draft, certificate: Parameters<typeof recordCertificate>[1]): void {
  const before = draft.effects.length
  recordCertificate(draft, certificate)
  const kept = draft.effects
    .splice(before)
    .filter(({ kind }) => kind !== 'store-certificate' && kind !== 'publish-certificate')
  draft.effects.push(...kept)
}
