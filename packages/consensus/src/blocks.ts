import {
  areEqual,
  type Block,
  type Digest,
  type Evidence,
  getAttestationClaim,
  getBodyHash,
  getHeaderDigest,
  type Hex,
  limits,
  makeAttestationEvidence,
  type SignedAttestationClaim,
  toHex,
  type Verified,
} from '@watchfire/attestation'
import { onEvidence } from './accuse.ts'
import { addToPool, findInPool } from './attestation-pool.ts'
import { checkBlockShape, computeBlock, type ParentBlock } from './block-checks.ts'
import { raiseAlarm } from './halt.ts'
import { getBlockNeeds } from './block-needs.ts'
import { ascend } from './int-map.ts'
import {
  type BlockRecord,
  type Core,
  type Draft,
  getHeader,
  getStateAfter,
  type Held,
  updateBlock,
} from './model.ts'

/**
 * Views behind the current one for which a proposal that was not notarized is kept: its notarization
 * may come late. Older ones are fetched again if ever needed.
 */
export const PROPOSALS_BEHIND = 16

/** Takes in a block whose header digest is known to be its own. */
export function addBlock(
  draft: Draft,
  block: Block,
  digest: Digest,
  isStored = false,
): BlockRecord {
  const hex = toHex(digest)
  const known = draft.blocks.get(hex)
  if (known !== undefined) return known
  const references = block.body.attestations
  const inputs = references.map((reference) => findInPool(draft, block.header.round, reference))
  const missing = new Map<Hex, number>()
  for (const [index, reference] of references.entries()) {
    if (inputs[index] === undefined) missing.set(toHex(reference.digest), index)
  }
  const record: BlockRecord = {
    digest,
    hex,
    parentHex: toHex(block.header.parent),
    block,
    inputs,
    missing,
    isInShape: false,
    outcome: undefined,
    isStored,
  }
  updateBlock(draft, record)
  return record
}

/**
 * Whether a block stands where one may be voted for (SPEC 6.4.6). Who can neither compute nor sync what
 * is final must not hold ever more of what comes after: further up only a sync helps.
 */
export function isWithinReach({ final }: Core, { header }: Block): boolean {
  return header.height <= final.header.height + limits.unfinalBlocksMax
}

/** A block that came by fetching: taken only if it is needed and what it says it is. */
export function onFetchedBlock(draft: Draft, block: Block): void {
  if (!isWithinReach(draft, block)) return
  const digest = getHeaderDigest(draft.config.networkId, block.header)
  if (!getBlockNeeds(draft).missing.has(toHex(digest))) return
  if (!areEqual(getBodyHash(block.body), block.header.body)) return
  addBlock(draft, block, digest)
}

/** Puts an attestation into the pool and into every block that waits for it. */
export function onAttestation(draft: Draft, held: Held): void {
  if (held.message.message.epoch !== draft.context.epoch) return
  const other = addToPool(draft, held)
  // Admission remembers no version from before a restart, the store does: the two meet here (SPEC 8.2).
  if (other !== undefined) onEvidence(draft, toEvidence(draft, other, held))
  for (const record of draft.blocks.values()) {
    const index = record.missing.get(held.hex)
    if (index === undefined) continue
    const missing = new Map(record.missing)
    missing.delete(held.hex)
    const inputs = record.inputs.map((input, position) => (position === index ? held : input))
    updateBlock(draft, { ...record, inputs, missing })
  }
}

function toEvidence(draft: Draft, a: Held, b: Held): Verified<Evidence> {
  const [first, second] = [a, b].map(({ message: { message, signature } }) => {
    return { message: getAttestationClaim(message), signature }
  }) as [SignedAttestationClaim, SignedAttestationClaim]
  return makeAttestationEvidence(draft.config.networkId, first, second)
}

/** Computes the states of all needed blocks whose parent's state and attestations are held. */
export function resolveBlocks(draft: Draft): void {
  for (const record of getBlockNeeds(draft).open) resolveBlock(draft, record)
}

function resolveBlock(draft: Draft, record: BlockRecord): void {
  const parent = getParent(draft, record)
  if (parent === undefined) return
  const { context, config } = draft
  const fault = record.isInShape
    ? undefined
    : checkBlockShape(context, parent, record.block, config.verify)
  if (fault !== undefined) {
    updateBlock(draft, { ...record, outcome: { kind: 'faulty', fault } })
    return
  }
  if (record.missing.size > 0) {
    if (!record.isInShape) updateBlock(draft, { ...record, isInShape: true })
    return
  }
  const attestations = record.inputs.flatMap((held) => held?.message ?? [])
  const outcome = computeBlock(context, parent, record.block, attestations)
  updateBlock(draft, { ...record, isInShape: true, outcome })
}

function getParent(core: Core, record: BlockRecord): ParentBlock | undefined {
  const after = getStateAfter(core, record.parentHex)
  const header = getHeader(core, record.parentHex)
  return after === undefined || header === undefined ? undefined : { header, ...after }
}

/** Before a vote rests on it, and before its inputs are let go, a block is made durable (SPEC 6.4.12). */
export function storeBlock(draft: Draft, hex: Hex): void {
  const record = draft.blocks.get(hex)
  if (record === undefined || record.isStored || record.outcome?.kind !== 'valid') return
  draft.effects.push({
    kind: 'store-block',
    block: record.block,
    digest: record.digest,
    attestations: record.inputs.flatMap((held) => held?.message ?? []),
  })
  // What it rests on is in the store now; the state is all that is needed here.
  updateBlock(draft, { ...record, inputs: [], isStored: true })
}

/** Makes notarized blocks durable, and stops where one is not as chapter 7 has it (SPEC 6.8). */
export function checkNotarized(draft: Draft): void {
  for (const { view, hex } of draft.notarized) {
    const record = draft.blocks.get(hex)
    if (record === undefined) continue
    storeBlock(draft, record.hex)
    if (record.outcome?.kind !== 'faulty' || draft.halted !== undefined) continue
    const { fault } = record.outcome
    const parent = getStateAfter(draft, record.parentHex)
    raiseAlarm(
      draft,
      fault.code === 'wrong-state-root' ? 'state-root-mismatch' : 'invalid-notarization',
      `block ${record.hex} is notarized in view ${view}, yet: ${fault.detail}`,
      {
        block: record.block,
        attestations: record.inputs.flatMap((held) => held?.message ?? []),
        ...(parent === undefined ? {} : { parentState: parent.state }),
        ...(fault.computedState === undefined ? {} : { computedState: fault.computedState }),
      },
    )
  }
}

/** Lets go of blocks that nothing late refers to, and of proposals that came to nothing. */
export function dropStaleBlocks(draft: Draft): void {
  const kept = new Set(getBlockNeeds(draft).needed)
  for (const [key, { proposal, certificates }] of ascend(draft.views)) {
    if (proposal === undefined) continue
    if (key >= draft.view - PROPOSALS_BEHIND || certificates.notarize !== undefined) {
      kept.add(proposal.hex)
    }
  }
  if ([...draft.blocks.keys()].every((hex) => kept.has(hex))) return
  draft.blocks = new Map([...draft.blocks].filter(([hex]) => kept.has(hex)))
}
