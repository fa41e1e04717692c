import {
  areEqual,
  type Block,
  type EpochContext,
  getBodyHash,
  type Header,
  type MemberIndex,
  type SignedAttestation,
  type State,
  type StateTree,
  updateStateTree,
  type Verify,
  checkEvidence,
  getOffender,
  toSignatureCheck,
} from '@watchfire/attestation'
import { computeState } from './aggregate.ts'
import { migrateState } from './state.ts'

// What makes a block right or wrong whoever looks, whenever: SPEC 6.4.3, 6.4.6, 6.4.8 to 6.4.11.
// What depends on clock, view or finality is judged where a vote is cast (`vote.ts`).

export type BlockFaultCode =
  | 'wrong-epoch'
  | 'wrong-height'
  | 'wrong-parent-round'
  | 'round-not-above-parent'
  | 'after-last-block'
  | 'wrong-body'
  | 'bad-reference'
  | 'excluded-member'
  | 'bad-evidence'
  | 'insufficient-weight'
  | 'wrong-next'
  | 'wrong-input'
  | 'wrong-state-root'

export interface BlockFault {
  readonly code: BlockFaultCode
  readonly detail: string
  /** Present for `wrong-state-root`: what chapter 7 gives here. */
  readonly computedState?: State
}

/** A parent whose state is known. */
export interface ParentBlock {
  readonly header: Header
  readonly state: State
  readonly tree: StateTree
}

/**
 * Everything about a block that needs no attestation. It runs before any is fetched, so that a
 * leader cannot make others ask around for what a faulty block names.
 *
 * @returns the first fault, or undefined
 */
export function checkBlockShape(
  context: EpochContext,
  parent: ParentBlock,
  block: Block,
  verify: Verify,
): BlockFault | undefined {
  const prior = migrateState(parent.state, context)
  return (
    checkHeader(context, parent.header, prior, block) ??
    checkReferences(context, prior, block) ??
    checkEvidenceList(context, prior, block, verify) ??
    checkWeights(context, prior, block)
  )
}

function checkHeader(
  context: EpochContext,
  parent: Header,
  prior: State,
  { header, body }: Block,
): BlockFault | undefined {
  if (!isOfEpoch(context, header)) {
    return { code: 'wrong-epoch', detail: 'epoch, committee or parameters are another epoch’s' }
  }
  if (header.height !== parent.height + 1) {
    return { code: 'wrong-height', detail: `height ${header.height} after ${parent.height}` }
  }
  if (header.parentRound !== parent.round) {
    const detail = `parent round ${header.parentRound}, not ${parent.round}`
    return { code: 'wrong-parent-round', detail }
  }
  if (header.round <= parent.round) {
    const detail = `round ${header.round} after ${parent.round}`
    return { code: 'round-not-above-parent', detail }
  }
  if (parent.epoch === header.epoch && parent.next.length > 0) {
    return { code: 'after-last-block', detail: 'the parent is the last block of the epoch' }
  }
  if (!areEqual(header.body, getBodyHash(body))) {
    return { code: 'wrong-body', detail: 'the body has another hash' }
  }
  return checkNext(prior, header)
}

/** SPEC 6.1: the last block's header, and no other's, carries `next`. */
function checkNext(prior: State, header: Header): BlockFault | undefined {
  const due = getNextEpoch(prior, header.height)
  const [next] = header.next
  const isRight =
    due === undefined
      ? next === undefined
      : next !== undefined &&
        areEqual(next.committee, due.committee) &&
        areEqual(next.parameters, due.parameters)
  return isRight ? undefined : { code: 'wrong-next', detail: 'the hand-over says otherwise' }
}

/**
 * The epoch that a block of this height hands over to, if it is its epoch's last (SPEC 6.1).
 *
 * @param prior the parent's state, migrated to the block's epoch
 */
export function getNextEpoch(prior: State, height: number): Header['next'][number] | undefined {
  const [handover] = prior.meta.handover
  if (handover === undefined || handover.lastHeight !== height) return undefined
  return { committee: handover.committee, parameters: handover.parameters }
}

/** SPEC 6.4.3. */
export function isOfEpoch(context: EpochContext, header: Header): boolean {
  return (
    header.epoch === context.epoch &&
    areEqual(header.committee, context.committeeHash) &&
    areEqual(header.parameters, context.parametersHash)
  )
}

/** SPEC 6.4.8. */
function checkReferences(
  context: EpochContext,
  prior: State,
  block: Block,
): BlockFault | undefined {
  const excluded = getExcludedAfter(prior, block)
  let previous = -1
  for (const { shard, member } of block.body.attestations) {
    if (shard >= context.parameters.shards || member >= context.committee.members.length) {
      return { code: 'bad-reference', detail: `no member ${member} or shard ${shard}` }
    }
    const place = shard * context.committee.members.length + member
    if (place <= previous) {
      return { code: 'bad-reference', detail: 'references ascend by shard and member' }
    }
    previous = place
    if (excluded.has(member)) {
      return { code: 'excluded-member', detail: `member ${member} is excluded` }
    }
  }
  return undefined
}

/** Members that do not count in a block: excluded before it, or by its own evidence. */
export function getExcludedAfter(prior: State, { body }: Block): ReadonlySet<MemberIndex> {
  return new Set([
    ...prior.meta.excluded.map(({ member }) => member),
    ...body.evidence.map(getOffender),
  ])
}

/** The first half of SPEC 6.4.10. */
function checkEvidenceList(
  context: EpochContext,
  prior: State,
  { body }: Block,
  verify: Verify,
): BlockFault | undefined {
  const excluded = new Set(prior.meta.excluded.map(({ member }) => member))
  let previous = -1
  for (const evidence of body.evidence) {
    const offender = getOffender(evidence)
    if (offender <= previous) {
      return { code: 'bad-evidence', detail: 'evidence ascends by offender' }
    }
    previous = offender
    if (excluded.has(offender)) {
      return { code: 'bad-evidence', detail: `member ${offender} is excluded already` }
    }
    const checked = checkEvidence(context, evidence, toSignatureCheck(verify))
    if (!checked.ok) {
      return { code: 'bad-evidence', detail: `against member ${offender}: ${checked.detail}` }
    }
  }
  return undefined
}

/** The second half of SPEC 6.4.10. */
function checkWeights(context: EpochContext, prior: State, block: Block): BlockFault | undefined {
  const needed = getWeightNeeded(context, getExcludedAfter(prior, block))
  const weights = Array.from({ length: context.parameters.shards }, () => 0)
  for (const { shard, member } of block.body.attestations) {
    weights[shard] = (weights[shard] ?? 0) + (context.committee.members[member]?.weight ?? 0)
  }
  for (const [shard, weight] of weights.entries()) {
    if (weight < needed) {
      const detail = `shard ${shard} rests on weight ${weight} of ${needed} needed`
      return { code: 'insufficient-weight', detail }
    }
  }
  return undefined
}

/** Weight of attestations that a block needs for each shard: Q less what is excluded (SPEC 6.3). */
export function getWeightNeeded(context: EpochContext, excluded: ReadonlySet<MemberIndex>): number {
  let needed = context.quorum
  for (const member of excluded) needed -= context.committee.members[member]?.weight ?? 0
  return needed
}

/**
 * What needs the attestations: that each is what the block says, and the state (SPEC 6.4.9, 6.4.11).
 *
 * @param block one that {@link checkBlockShape} found in order
 * @param attestations what its body names, in that order
 */
export function computeBlock(
  context: EpochContext,
  parent: ParentBlock,
  block: Block,
  attestations: readonly SignedAttestation[],
):
  | { readonly kind: 'valid'; readonly state: State; readonly tree: StateTree }
  | { readonly kind: 'faulty'; readonly fault: BlockFault } {
  for (const [index, { shard, member }] of block.body.attestations.entries()) {
    const message = attestations[index]?.message
    if (
      message === undefined ||
      message.shard !== shard ||
      message.member !== member ||
      message.epoch !== block.header.epoch ||
      message.round !== block.header.round
    ) {
      const detail = `reference ${index} is to another member, shard or round`
      return { kind: 'faulty', fault: { code: 'wrong-input', detail } }
    }
  }
  const { header, body } = block
  const state = computeState(parent.state, context, header, body.evidence, attestations)
  const tree = updateStateTree(parent.tree, state)
  if (!areEqual(tree.root, header.stateRoot)) {
    const fault: BlockFault = {
      code: 'wrong-state-root',
      detail: 'chapter 7 gives another root',
      computedState: state,
    }
    return { kind: 'faulty', fault }
  }
  return { kind: 'valid', state, tree }
}
