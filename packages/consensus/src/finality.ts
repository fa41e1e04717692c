import {
  areEqual,
  type Certificate,
  type Header,
  type Hex,
  type MemberSignature,
  type State,
  type StateTree,
  toHex,
  type Verified,
  type View,
  type ViewCertificate,
  getHeaderDigest,
  updateStateTree,
  voteKinds,
} from '@watchfire/attestation'
import { dropStaleBlocks } from './blocks.ts'
import { endEpoch, startEpoch } from './epochs.ts'
import { raiseAlarm } from './halt.ts'
import { dropBelow, getAt, setAt } from './int-map.ts'
import { invariant } from './invariant.ts'
import { type BlockRecord, type Draft, getView } from './model.ts'
import { recordCertificate } from './views.ts'

// SPEC 6.7 and 9.1: a finalization makes a block and all its ancestors final.

/** Final blocks whose digests are kept to recognise conflicts by. */
const RECENT_FINALS = 1024

/** Makes final what the highest finalization proves and whose states are known, ascending. */
export function pursueFinality(draft: Draft): void {
  const certificate = getView(draft, draft.finalView).certificates.finalize
  if (certificate === undefined || draft.halted === 'conflicting-finality') return
  const path = getPath(draft, certificate)
  for (const { record, proof } of path) {
    const { outcome } = record
    if (outcome?.kind !== 'valid') break
    finalizeBlock(draft, record, { ...outcome, certificate: proof })
    if (record.block.header.next.length > 0) {
      endEpoch(draft)
      return
    }
  }
}

interface Step {
  readonly record: BlockRecord
  /** What proves it final: its own finalization or that of the nearest descendant with one. */
  readonly proof: Certificate
}

/** Known blocks from the child of the final one up to the finalized one; empty unless they connect. */
function getPath(draft: Draft, certificate: ViewCertificate): readonly Step[] {
  const path: Step[] = []
  let anchor = certificate
  let descendants: readonly Header[] = []
  let hex = toHex(certificate.header)
  while (hex !== draft.final.hex) {
    const record = draft.blocks.get(hex)
    if (record === undefined) return []
    const { header } = record.block
    if (isConflict(draft, hex, header)) {
      stopOnConflict(draft, header, certificate)
      return []
    }
    if (header.height <= draft.final.header.height) return []
    const own = draft.finalizations.get(hex)
    if (own !== undefined) {
      anchor = own
      descendants = []
    }
    path.push({ record, proof: makeProof(anchor, header, descendants) })
    descendants = [header, ...descendants]
    hex = record.parentHex
  }
  return path.toReversed()
}

/** Whether a block that is final by its descendants cannot be so together with what is final here. */
function isConflict({ final, recentFinals }: Draft, hex: Hex, header: Header): boolean {
  if (header.height === final.header.height + 1) return !areEqual(header.parent, final.digest)
  if (header.height > final.header.height) return false
  const known = getAt(recentFinals, header.height)
  return known !== undefined && known !== hex
}

function stopOnConflict(
  draft: Draft,
  header: Header,
  certificate: ViewCertificate | Certificate,
): void {
  raiseAlarm(
    draft,
    'conflicting-finality',
    `height ${header.height} is final in two ways: more than f of the weight is faulty`,
    { headers: [draft.final.header, header], certificates: [certificate] },
  )
}

function makeProof(
  { view, signatures }: { readonly view: View; readonly signatures: MemberSignature[] },
  header: Header,
  descendants: readonly Header[],
): Certificate {
  return { view, header, descendants: [...descendants], signatures }
}

function finalizeBlock(
  draft: Draft,
  { block, digest, hex }: BlockRecord,
  proven: { readonly state: State; readonly tree: StateTree; readonly certificate: Certificate },
): void {
  const { state, tree, certificate } = proven
  invariant(block.header.height === draft.final.header.height + 1, 'finality leaves no gap')
  invariant(areEqual(tree.root, block.header.stateRoot), 'a final state has the agreed root')
  draft.effects.push({ kind: 'finalize', block, headerDigest: digest, certificate, state })
  setFinal(draft, { header: block.header, digest, hex, state, tree })
}

function setFinal(draft: Draft, final: Draft['final']): void {
  draft.final = final
  draft.finalAtMs = draft.nowMs
  const { height } = final.header
  draft.recentFinals = dropBelow(
    setAt(draft.recentFinals, height, final.hex),
    Math.max(0, height - RECENT_FINALS),
  )
  const stale = new Set<Hex>()
  for (const [hex, { block }] of draft.blocks) if (block.header.height <= height) stale.add(hex)
  draft.blocks = new Map([...draft.blocks].filter(([hex]) => !stale.has(hex)))
  draft.finalizations = new Map(
    [...draft.finalizations].filter(([hex]) => hex !== final.hex && !stale.has(hex)),
  )
  const excluded = new Set(final.state.meta.excluded.map(({ member }) => member))
  draft.evidence = new Map([...draft.evidence].filter(([member]) => !excluded.has(member)))
  dropStaleBlocks(draft)
}

/**
 * Takes over a certified state from a sync (SPEC 11). What lies between the old final block and this
 * one gets no `finalize` effect: the shell has its certificates already.
 */
export function onSynced(draft: Draft, certificate: Verified<Certificate>, state: State): void {
  const { header, descendants, view, signatures } = certificate
  const digest = getHeaderDigest(draft.config.networkId, header)
  const hex = toHex(digest)
  if (isConflict(draft, hex, header)) {
    stopOnConflict(draft, header, certificate)
    return
  }
  if (header.height <= draft.final.header.height) return
  const context = draft.config.epochs[header.epoch]
  if (context === undefined || header.epoch < draft.context.epoch) return
  const tree = updateStateTree(undefined, state)
  if (!areEqual(tree.root, header.stateRoot)) return
  if (context !== draft.context) startEpoch(draft, context)
  setFinal(draft, { header, digest, hex, state, tree })
  draft.finalizations = new Map()
  const last = descendants.at(-1) ?? header
  recordCertificate(draft, {
    epoch: header.epoch,
    view,
    kind: voteKinds.finalize,
    header: getHeaderDigest(draft.config.networkId, last),
    signatures,
  })
  if (header.next.length > 0) endEpoch(draft)
}

/** Two certificates that verify and exclude each other, met where the core does not look (SPEC 6.7). */
export function onConflict(draft: Draft, certificates: readonly Verified<Certificate>[]): void {
  const headers = certificates.map(({ header }) => header)
  const heights = headers.map(({ height }) => height).join(' and ')
  const detail = `final blocks of heights ${heights} exclude each other: more than f of the weight is faulty`
  raiseAlarm(draft, 'conflicting-finality', detail, { headers, certificates })
}
