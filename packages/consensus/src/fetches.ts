import {
  type Digest,
  fromHex,
  getRoundStartMs,
  type Height,
  type Hex,
  type MemberIndex,
  type Round,
  type UnixMs,
  type View,
} from '@watchfire/attestation'
import { getBlockNeeds } from './block-needs.ts'
import type { Effect } from './core.ts'
import { ascend } from './int-map.ts'
import {
  type BlockRecord,
  type Core,
  type Draft,
  type FetchTimer,
  getNotarized,
  getTip,
  getView,
} from './model.ts'
import { GAP_VIEWS_MAX, getGap } from './views.ts'

// What the node lacks is worked out anew after each step; only when to ask again is remembered.
// So nothing is asked for longer than it is needed, and nothing needed is forgotten.

const DIGESTS_PER_FETCH = 256
const BLOCKS_PER_FETCH = 64
/** Times that something is asked for in vain before the certified state is. */
const ATTEMPTS_BEFORE_SYNC = 4

type Need =
  | { readonly kind: 'views'; readonly key: string; readonly from: View; readonly to: View }
  | { readonly kind: 'block'; readonly key: string; readonly hex: Hex }
  | { readonly kind: 'attestations'; readonly key: string; readonly record: BlockRecord }
  | { readonly kind: 'sync'; readonly key: string }

/** Asks for what is due and remembers when to ask again: after `viewTimeoutMs`, doubling up to `viewTimeoutMsMax`. */
export function scheduleFetches(draft: Draft): void {
  const needs = getNeeds(draft)
  if (needs.length === 0 && draft.fetches.size === 0) return
  const timers = new Map<string, FetchTimer>()
  const due: Need[] = []
  const { viewTimeoutMs, viewTimeoutMsMax } = draft.context.parameters
  for (const need of needs) {
    const timer = draft.fetches.get(need.key)
    if (timer !== undefined && timer.nextAtMs > draft.nowMs) {
      timers.set(need.key, timer)
      continue
    }
    due.push(need)
    const attempts = (timer?.attempts ?? 0) + 1
    const intervalMs = Math.min(viewTimeoutMs * 2 ** Math.min(attempts - 1, 30), viewTimeoutMsMax)
    timers.set(need.key, { attempts, nextAtMs: (draft.nowMs + intervalMs) as UnixMs })
  }
  draft.fetches = timers
  draft.effects.push(...toEffects(draft, due))
}

/** When the next request is due. */
export function getFetchWakeMs({ fetches }: Core): UnixMs | undefined {
  let wakeAtMs: UnixMs | undefined
  for (const { nextAtMs } of fetches.values()) {
    if (wakeAtMs === undefined || nextAtMs < wakeAtMs) wakeAtMs = nextAtMs
  }
  return wakeAtMs
}

/**
 * When it is a reason to ask for certificates that nothing became final, although a round was due.
 * Views may go on all the while: an epoch may have ended without this node, and liars may keep those
 * who are left behind busy.
 */
export function getStallMs({ context, final, finalAtMs }: Core): UnixMs {
  const { parameters } = context
  const next = (final.header.round + 1) as Round
  const dueMs = getRoundStartMs(parameters, next) + parameters.proposeAtMs
  return (Math.max(finalAtMs, dueMs) + 2 * parameters.viewTimeoutMsMax) as UnixMs
}

function getNeeds(core: Core): readonly Need[] {
  const needs = getViewNeeds(core)
  const { missing, waiting, isFar } = getBlockNeeds(core)
  if (isSyncNeeded(core)) needs.push({ kind: 'sync', key: getSyncKey(core) })
  // Far behind, the certified state comes before what lies between; in vain, both are tried.
  if (isFar && getAttempts(core, getSyncKey(core)) < ATTEMPTS_BEFORE_SYNC) return needs
  for (const hex of missing) needs.push({ kind: 'block', key: `block:${hex}`, hex })
  for (const record of waiting) {
    needs.push({ kind: 'attestations', key: `attestations:${record.hex}`, record })
  }
  return needs
}

/**
 * Certificates of views that are missing between the tip and the current view, or between the
 * parent of the current proposal and the current view (SPEC 6.3, 6.4.4); and, while nothing becomes
 * final, of the current view and those after it.
 */
function getViewNeeds(core: Core): Need[] {
  const needs: Need[] = []
  const add = (from: View, to: View) => {
    needs.push({ kind: 'views', key: `views:${to}`, from, to })
  }
  const gap = getGap(core, getTip(core).view)
  if (gap !== undefined) add(gap.first, gap.last)
  const { proposal } = getView(core, core.view)
  if (proposal !== undefined && proposal.parentView < core.view) {
    const from = Math.max(proposal.parentView, core.finalView) as View
    const behind = getGap(core, from)
    if (behind !== undefined && behind.last !== gap?.last) add(behind.first, behind.last)
    const isKnown = from === 0 || getNotarized(core, from) !== undefined
    if (!isKnown && from !== gap?.last && from !== behind?.last) add(from, from)
  }
  if (isStalled(core)) {
    const to = (core.view + GAP_VIEWS_MAX - 1) as View
    needs.push({ kind: 'views', key: 'views:stalled', from: core.view, to })
  }
  return needs
}

/** Far behind, unable to compute what is final, unable to fetch it, or seeing nothing become final for long. */
function isSyncNeeded(core: Core): boolean {
  if (core.halted === 'conflicting-finality') return false
  const { needed, isFar, isStuck } = getBlockNeeds(core)
  if (isFar || isStuck || isStalled(core)) return true
  if (core.fetches.size === 0) return false
  for (const hex of needed) {
    const tries = Math.max(
      getAttempts(core, `block:${hex}`),
      getAttempts(core, `attestations:${hex}`),
    )
    if (tries >= ATTEMPTS_BEFORE_SYNC) return true
  }
  return false
}

function isStalled(core: Core): boolean {
  return !core.isEnded && core.nowMs >= getStallMs(core)
}

function getSyncKey(core: Core): string {
  return `sync:${core.final.header.height}`
}

function getAttempts(core: Core, key: string): number {
  return core.fetches.get(key)?.attempts ?? 0
}

function toEffects(draft: Draft, due: readonly Need[]): readonly Effect[] {
  const effects: Effect[] = []
  const blocks: Digest[] = []
  for (const need of due) {
    switch (need.kind) {
      case 'views': {
        const { from, to } = need
        effects.push({ kind: 'fetch-views', epoch: draft.context.epoch, from, to })
        break
      }
      case 'block':
        blocks.push(fromHex(need.hex) as Digest)
        break
      case 'attestations':
        effects.push(...toAttestationFetches(draft, need.record))
        break
      case 'sync': {
        const height = (draft.final.header.height + 1) as Height
        effects.push({ kind: 'sync', height })
        break
      }
    }
  }
  for (const digests of inChunks(blocks, BLOCKS_PER_FETCH)) {
    effects.push({ kind: 'fetch-blocks', digests })
  }
  return effects
}

/** First from who proposed the block and so holds them; then from anyone. */
function toAttestationFetches(draft: Draft, record: BlockRecord): readonly Effect[] {
  const isFirst = getAttempts(draft, `attestations:${record.hex}`) <= 1
  const from = isFirst ? getProposer(draft, record.hex) : undefined
  const digests = [...record.missing.keys()].map((hex) => fromHex(hex) as Digest)
  return inChunks(digests, DIGESTS_PER_FETCH).map((chunk) => ({
    kind: 'fetch-attestations' as const,
    digests: chunk,
    from,
  }))
}

function getProposer(core: Core, hex: Hex): MemberIndex | undefined {
  for (const [, { proposal }] of ascend(core.views)) {
    if (proposal?.hex === hex) return proposal.member
  }
  return undefined
}

function inChunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const chunks: T[][] = []
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size))
  return chunks
}
