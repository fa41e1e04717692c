import type { Hex } from '@watchfire/attestation'
import { type BlockRecord, type Core, getHeader, getView } from './model.ts'

/** What the node needs of blocks, and is still without. */
export interface BlockNeeds {
  /**
   * Blocks whose state the node needs: notarized, finalized, and the current proposal; with their
   * ancestors down to the final block. Ascending by view, then from child to parent.
   */
  readonly needed: ReadonlySet<Hex>
  /** Those without a block. */
  readonly missing: ReadonlySet<Hex>
  /** Those of which nothing is said yet, ascending by height. */
  readonly open: readonly BlockRecord[]
  /** Of these, those whose attestations are not all held, in the order of `needed`. */
  readonly waiting: readonly BlockRecord[]
  /** Digests of attestations that these name and that are not held. */
  readonly wanted: ReadonlySet<Hex>
  /** Whether one stands far above the final block, and not all in between are held. */
  readonly isFar: boolean
  /** Whether one is notarized and not as it should be: what follows it cannot be computed. */
  readonly isStuck: boolean
}

/** Blocks between the final one and what is needed from which on the certificates are asked for instead. */
const SYNC_GAP = 8

/** What the last answer rested on. */
interface NeedsMemo {
  readonly blocks: Core['blocks']
  readonly notarized: Core['notarized']
  readonly finalHex: Hex
  readonly proposedHex: Hex | undefined
  readonly needs: BlockNeeds
}
/** Several rules ask within a step, and most steps change no block. The cores that follow each other share one. */
export interface NeedsCache {
  last: NeedsMemo | undefined
}

export function getBlockNeeds(core: Core): BlockNeeds {
  const { notarized, blocks, final } = core
  const proposedHex = getView(core, core.view).proposal?.hex
  const memo = core.needsCache.last
  if (
    memo?.blocks === blocks &&
    memo.notarized === notarized &&
    memo.finalHex === final.hex &&
    memo.proposedHex === proposedHex
  ) {
    return memo.needs
  }
  const needs = findNeeds(core)
  core.needsCache.last = { blocks, notarized, finalHex: final.hex, proposedHex, needs }
  return needs
}

function findNeeds(core: Core): BlockNeeds {
  const needed = findNeededBlocks(core)
  const records: BlockRecord[] = []
  const missing = new Set<Hex>()
  for (const hex of needed) {
    const record = core.blocks.get(hex)
    if (record === undefined) missing.add(hex)
    else records.push(record)
  }
  const open = records.filter(({ outcome }) => outcome === undefined)
  const waiting = open.filter((record) => record.missing.size > 0)
  return {
    needed,
    missing,
    open: open.toSorted((a, b) => a.block.header.height - b.block.header.height),
    waiting,
    wanted: new Set(waiting.flatMap((record) => [...record.missing.keys()])),
    isFar: isFar(core, records),
    isStuck: records.some(({ hex, outcome }) => {
      return outcome?.kind === 'faulty' && core.notarized.some((known) => known.hex === hex)
    }),
  }
}

function findNeededBlocks(core: Core): ReadonlySet<Hex> {
  const { notarized, blocks, final } = core
  const { proposal } = getView(core, core.view)
  const needed = new Set<Hex>()
  const addChain = (start: Hex) => {
    let hex: Hex | undefined = start
    while (hex !== undefined && hex !== final.hex && !needed.has(hex)) {
      if (isSettledAncestor(core, hex)) return
      needed.add(hex)
      hex = blocks.get(hex)?.parentHex
    }
  }
  for (const { view, hex } of notarized) if (view >= core.finalView) addChain(hex)
  if (proposal !== undefined && isParentKnown(core, proposal.hex)) addChain(proposal.hex)
  return needed
}

/** Whether a digest belongs to a final block below the highest. */
function isSettledAncestor(core: Core, hex: Hex): boolean {
  const height = core.blocks.get(hex)?.block.header.height
  return height !== undefined && height <= core.final.header.height
}

function isParentKnown(core: Core, hex: Hex): boolean {
  return getHeader(core, core.blocks.get(hex)?.parentHex) !== undefined
}

/** Whether a block stands far above the final one, and not all in between are held. */
function isFar(core: Core, records: readonly BlockRecord[]): boolean {
  const connected = new Set<Hex>()
  return records.some(({ hex, block }) => {
    const isAbove = block.header.height - core.final.header.height > SYNC_GAP
    // A long chain that is all held needs no sync: it only waits to be final.
    return isAbove && !isConnected(core, hex, connected)
  })
}

/** @param known what is found to be connected: a long chain is gone down once, not once a block of it */
function isConnected(core: Core, start: Hex, known: Set<Hex>): boolean {
  const walked: Hex[] = []
  let hex: Hex | undefined = start
  while (hex !== undefined && hex !== core.final.hex && !known.has(hex)) {
    const record: BlockRecord | undefined = core.blocks.get(hex)
    if (record?.outcome?.kind === 'valid') break
    walked.push(hex)
    hex = record?.parentHex
  }
  if (hex === undefined) return false
  for (const each of walked) known.add(each)
  return true
}
