import {
  type EpochContext,
  getRoundAt,
  getRoundStartMs,
  limits,
  type Round,
  toHex,
  type UnixMs,
  type View,
  type ViewCertificate,
  voteKinds,
} from '@watchfire/attestation'
import { castFinalize, canSign } from './cast.ts'
import { raiseAlarm } from './halt.ts'
import { dropBelow } from './int-map.ts'
import { invariant } from './invariant.ts'
import {
  type Core,
  type Draft,
  getHeader,
  getView,
  noteNotarized,
  updateView,
  type VoteName,
} from './model.ts'

// Which view the node is in, and what the certificates of views say (SPEC 6.2, 6.5, 6.6).

/** The name of a vote's kind, or undefined outside the closed set. */
export function getVoteName(kind: number): VoteName | undefined {
  switch (kind) {
    case voteKinds.notarize:
      return 'notarize'
    case voteKinds.nullify:
      return 'nullify'
    case voteKinds.finalize:
      return 'finalize'
    default:
      return undefined
  }
}

/**
 * Takes in a verified certificate of a view: it is stored, lets the node into the next view, and
 * makes it vote finalize or follow finality. What is held or settled already changes nothing.
 */
export function recordCertificate(draft: Draft, certificate: ViewCertificate): void {
  const kind = getVoteName(certificate.kind)
  const { view } = certificate
  if (kind === undefined || certificate.epoch !== draft.context.epoch) return
  if (kind === 'finalize') checkFinalization(draft, certificate)
  if (view <= draft.finalView) return
  const record = getView(draft, view)
  if (record.certificates[kind] !== undefined) return
  updateView(draft, view, {
    certificates: { ...record.certificates, [kind]: certificate },
    tallies: { ...record.tallies, [kind]: undefined },
  })
  draft.effects.push({ kind: 'store-certificate', certificate })
  if (kind !== 'nullify') {
    noteNotarized(draft, { view, hex: toHex(certificate.header) }, kind === 'finalize')
  }
  if (kind === 'finalize') {
    noteFinalization(draft, certificate)
    draft.finalView = view
    draft.views = dropBelow(draft.views, view)
  }
  if (view >= draft.view) enterView(draft, (view + 1) as View, certificate)
  finalizeNotarized(draft, view)
}

/** Keeps the late ones: what is further below the highest than blocks may be held is proven by a sync. */
function noteFinalization(draft: Draft, certificate: ViewCertificate): void {
  const known = [...draft.finalizations].slice(-limits.unfinalBlocksMax)
  draft.finalizations = new Map(known).set(toHex(certificate.header), certificate)
}

/** Two finalizations in one view for different blocks: more than f is faulty (SPEC 6.7). */
function checkFinalization(draft: Draft, certificate: ViewCertificate): void {
  const held = getView(draft, certificate.view).certificates.finalize
  if (held === undefined || toHex(held.header) === toHex(certificate.header)) return
  const detail = `view ${certificate.view} finalizes two blocks`
  raiseAlarm(draft, 'conflicting-finality', detail, { certificates: [held, certificate] })
}

/** SPEC 6.2: (a) forwards what let the node in; the timer runs from now; the rest follows from the state. */
function enterView(draft: Draft, view: View, certificate: ViewCertificate): void {
  invariant(view > draft.view, 'views only rise')
  draft.patience = getNextPatience(draft)
  draft.view = view
  draft.enteredAtMs = draft.nowMs
  draft.entry = certificate
  draft.repeatIntervalMs = draft.context.parameters.viewTimeoutMs
  draft.repeatAtMs = (draft.nowMs + draft.repeatIntervalMs) as UnixMs
  if (draft.me !== undefined) draft.effects.push({ kind: 'publish-certificate', certificate })
  compactView(draft, (view - COMPACT_BEHIND) as View)
}

/** Views after which nobody will be sent a certificate from memory. */
const COMPACT_BEHIND = 16

/** Of an old view that is not settled only what was decided matters: the store has the signatures. */
function compactView(draft: Draft, view: View): void {
  if (view <= draft.finalView) return
  const { certificates } = getView(draft, view)
  if (certificates.nullify === undefined && certificates.notarize === undefined) return
  const strip = (certificate: ViewCertificate | undefined) =>
    certificate === undefined ? undefined : { ...certificate, signatures: [] }
  updateView(draft, view, {
    certificates: {
      ...certificates,
      notarize: strip(certificates.notarize),
      nullify: strip(certificates.nullify),
    },
  })
}

/**
 * Votes finalize for the block notarized in a view, unless the node nullified it (SPEC 6.5; Simplex:
 * a player finalizes what it saw notarized before its own time-out).
 */
export function finalizeNotarized(draft: Draft, view: View): void {
  const { own, certificates } = getView(draft, view)
  const certificate = certificates.notarize
  if (certificate === undefined || own.nullify || own.finalize !== undefined) return
  if (view <= draft.finalView || !canSign(draft, view)) return
  castFinalize(draft, view, certificate.header, toHex(certificate.header))
}

/** As {@link finalizeNotarized} for every unsettled view: after a restart, or once allowed to sign. */
export function finalizeAllNotarized(draft: Draft): void {
  for (const { view } of draft.notarized) finalizeNotarized(draft, view)
}

/** A view that took less than this part of its time-out would do with less. */
const SHORT_VIEW_PART = 4

/**
 * One more for a view that did not do, one less for one that took little of its time (SPEC 6.2). A view
 * that this node nullified did not do even if it was notarized: were the timer not to back off there,
 * clocks that differ by more than it would nullify view after view, and nothing would become final.
 * One that took a good part of its time keeps the timer as it is: were the next given half, nodes would
 * nullify every other view, each its own, and a quorum's finalize votes would meet in none.
 */
function getNextPatience(core: Core): number {
  const { own, certificates } = getView(core, core.view)
  if (certificates.nullify !== undefined || own.nullify) {
    const isMost = getTimeoutMs(core) >= core.context.parameters.viewTimeoutMsMax
    return isMost ? core.patience : core.patience + 1
  }
  const tookMs = core.nowMs - getTimerStartMs(core)
  const isShort = SHORT_VIEW_PART * tookMs < getTimeoutMs(core)
  return isShort ? Math.max(0, core.patience - 1) : core.patience
}

/** How long a view lasts for the node (SPEC 6.2). */
export function getTimeoutMs(core: Core): number {
  const { viewTimeoutMs, viewTimeoutMsMax } = core.context.parameters
  return Math.min(viewTimeoutMs * 2 ** core.patience, viewTimeoutMsMax)
}

/**
 * What of a patience goes into an epoch: all, since clocks are as far apart as before, but no more than
 * the longest time-out takes there, which a short view must shorten.
 */
export function carryPatience(patience: number, { parameters }: EpochContext): number {
  let most = 0
  while (parameters.viewTimeoutMs * 2 ** most < parameters.viewTimeoutMsMax) most++
  return Math.min(patience, most)
}

/** When the timer of the current view fires (SPEC 6.2). The tip is the one known by now. */
export function getDeadlineMs(core: Core): UnixMs {
  return (getTimerStartMs(core) + getTimeoutMs(core)) as UnixMs
}

/** From when on the current view is timed: the tip is that of the views before it. */
function getTimerStartMs(core: Core): UnixMs {
  const { parameters } = core.context
  const below = core.notarized.findLast(({ view }) => view < core.view)
  const tip = getHeader(core, below?.hex ?? core.final.hex) ?? core.final.header
  const entryRound = getRoundAt(parameters, core.enteredAtMs) ?? parameters.originRound
  const round = Math.max(tip.round + 1, entryRound) as Round
  const proposeAtMs = getRoundStartMs(parameters, round) + parameters.proposeAtMs
  return Math.max(core.enteredAtMs, proposeAtMs) as UnixMs
}

/** Views that a gap spans at most: what is asked for at once (SPEC 10). The rest shows when it is closed. */
export const GAP_VIEWS_MAX = 256

/**
 * The highest view between `from` and the current one, both excluded, without a nullification, and
 * the lowest such at most 255 below it; undefined where there is none (SPEC 6.3, 6.4.4).
 */
export function getGap(core: Core, from: View): { first: View; last: View } | undefined {
  let gap: { first: View; last: View } | undefined
  for (let at = core.view - 1; at > from; at--) {
    const view = at as View
    if (gap !== undefined && gap.last - view >= GAP_VIEWS_MAX) break
    if (getView(core, view).certificates.nullify !== undefined) continue
    gap = { first: view, last: gap?.last ?? view }
  }
  return gap
}

/** A clock that was set back must not keep timers of a time that will not come for long. */
export function reanchorTimers(draft: Draft): void {
  if (draft.enteredAtMs > draft.nowMs) draft.enteredAtMs = draft.nowMs
  if (draft.finalAtMs > draft.nowMs) draft.finalAtMs = draft.nowMs
  const latestMs = (draft.nowMs + draft.repeatIntervalMs) as UnixMs
  if (draft.repeatAtMs > latestMs) draft.repeatAtMs = latestMs
  const { viewTimeoutMsMax } = draft.context.parameters
  for (const [key, timer] of draft.fetches) {
    if (timer.nextAtMs <= draft.nowMs + viewTimeoutMsMax) continue
    draft.fetches = new Map(draft.fetches).set(key, { ...timer, nextAtMs: draft.nowMs })
  }
}
