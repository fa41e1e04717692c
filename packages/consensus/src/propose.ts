import {
  type AttestationRef,
  type Block,
  type Digest,
  type Evidence,
  fromHex,
  getBodyHash,
  getHeaderDigest,
  getLeader,
  getRoundAt,
  getRoundStartMs,
  type Header,
  type Height,
  limits,
  type MemberIndex,
  type Round,
  type State,
  toHex,
  type UnixMs,
  updateStateTree,
  type View,
} from '@watchfire/attestation'
import { computeState } from './aggregate.ts'
import { getNextEpoch, getWeightNeeded } from './block-checks.ts'
import { addBlock } from './blocks.ts'
import { canSign, castProposal } from './cast.ts'
import { getAt } from './int-map.ts'
import {
  type Core,
  type Draft,
  getHeader,
  getStateAfter,
  getTip,
  getView,
  type Held,
  type ShardPool,
  updateBlock,
} from './model.ts'
import { migrateState } from './state.ts'
import { getGap } from './views.ts'

// SPEC 6.3: what the leader of a view proposes, and when.

/** Whether the node leads its view and has proposed nothing in it. */
export function mayPropose(core: Core): boolean {
  return (
    core.me !== undefined &&
    getLeader(core.context, core.view) === core.me &&
    canSign(core, core.view) &&
    getView(core, core.view).own.proposal === undefined
  )
}

/** Proposes if the node leads, knows what to build on, and a round is ripe. */
export function tryPropose(draft: Draft): void {
  if (!mayPropose(draft)) return
  const { view: parentView, hex: parentHex } = getTip(draft)
  if (getGap(draft, parentView) !== undefined) return
  const parent = getHeader(draft, parentHex)
  const after = getStateAfter(draft, parentHex)
  if (parent === undefined || after === undefined) return
  const known = draft.blocks.get(parentHex)
  if (known !== undefined && isReproposalDue(draft, parent)) {
    castProposal(draft, makeProposal(draft, parentView, known.block), parentHex)
    return
  }
  proposeNew(draft, parentView, { parent, parentDigest: fromHex(parentHex) as Digest, after })
}

/**
 * Whether the notarized block must be proposed again instead of a child of it: the last of its epoch
 * while it is not final, or one as far above the final block as a certificate can bridge (SPEC 6.3).
 */
export function isReproposalDue({ context, final }: Core, header: Header): boolean {
  const isLast = header.epoch === context.epoch && header.next.length > 0
  return isLast || header.height >= final.header.height + limits.unfinalBlocksMax
}

function makeProposal(core: Core, parentView: View, block: Block) {
  const member = getLeader(core.context, core.view)
  return { epoch: core.context.epoch, view: core.view, member, parentView, block }
}

interface Base {
  readonly parent: Header
  readonly parentDigest: Digest
  readonly after: NonNullable<ReturnType<typeof getStateAfter>>
}

function proposeNew(draft: Draft, parentView: View, base: Base): void {
  const prior = migrateState(base.after.state, draft.context)
  const evidence = getPendingEvidence(draft, prior)
  const excluded = new Set([
    ...prior.meta.excluded.map(({ member }) => member),
    ...evidence.map(([member]) => member),
  ])
  const round = getRipeRound(draft, base.parent.round, excluded)
  if (round === undefined) return
  const inputs = getInputs(getAt(draft.pool, round) ?? [], excluded)
  const { block, digest, state, tree } = buildBlock(draft, base, {
    round,
    prior,
    evidence: evidence.map(([, item]) => item),
    inputs,
  })
  const record = addBlock(draft, block, digest)
  if (record.outcome === undefined) {
    updateBlock(draft, { ...record, outcome: { kind: 'valid', state, tree } })
  }
  castProposal(draft, makeProposal(draft, parentView, block), toHex(digest))
}

/** Evidence against members not excluded yet, ascending by offender, as much as a block holds. */
function getPendingEvidence(
  { evidence }: Core,
  prior: State,
): readonly (readonly [MemberIndex, Evidence])[] {
  const excluded = new Set(prior.meta.excluded.map(({ member }) => member))
  return [...evidence]
    .filter(([member]) => !excluded.has(member))
    .toSorted(([a], [b]) => a - b)
    .slice(0, limits.evidencePerBlockMax)
}

/** The smallest round in the window for which enough is held, or time is up (SPEC 6.3). */
function getRipeRound(
  core: Core,
  parentRound: Round,
  excluded: ReadonlySet<MemberIndex>,
): Round | undefined {
  const { parameters } = core.context
  const now = getRoundAt(parameters, core.nowMs)
  if (now === undefined) return undefined
  const first = Math.max(parentRound + 1, now - parameters.roundsBehindMax)
  for (let at = first; at <= now; at++) {
    const round = at as Round
    if (isRipe(core, round, excluded)) return round
  }
  return undefined
}

function isRipe(core: Core, round: Round, excluded: ReadonlySet<MemberIndex>): boolean {
  const { context } = core
  const shards = getAt(core.pool, round)
  if (shards === undefined) return false
  const counted = context.committee.members.flatMap((member, index) =>
    excluded.has(index as MemberIndex) ? [] : [{ index, weight: member.weight }],
  )
  if (shards.every(({ first }) => counted.every(({ index }) => first[index] !== undefined))) {
    return true
  }
  if (core.nowMs < getProposeAtMs(core, round)) return false
  const needed = getWeightNeeded(context, excluded)
  return shards.every(({ first }) => {
    let weight = 0
    for (const member of counted) if (first[member.index] !== undefined) weight += member.weight
    return weight >= needed
  })
}

function getProposeAtMs({ context: { parameters } }: Core, round: Round): UnixMs {
  return (getRoundStartMs(parameters, round) + parameters.proposeAtMs) as UnixMs
}

/** When a leader that could not propose yet should look again, if nothing comes in before. */
export function getProposeWakeMs(core: Core): UnixMs | undefined {
  if (!mayPropose(core)) return undefined
  const { parameters } = core.context
  const now = getRoundAt(parameters, core.nowMs) ?? parameters.originRound
  const thisMs = getProposeAtMs(core, now)
  return thisMs > core.nowMs ? thisMs : getProposeAtMs(core, (now + 1) as Round)
}

/** Per shard and member, ascending, the first admitted attestation of those that count. */
function getInputs(
  shards: readonly ShardPool[],
  excluded: ReadonlySet<MemberIndex>,
): readonly Held[] {
  return shards.flatMap(({ first }) =>
    first.flatMap((held) =>
      held === undefined || excluded.has(held.message.message.member) ? [] : [held],
    ),
  )
}

interface Content {
  readonly round: Round
  readonly prior: State
  readonly evidence: readonly Evidence[]
  readonly inputs: readonly Held[]
}

function buildBlock(core: Core, { parent, parentDigest, after }: Base, content: Content) {
  const { context } = core
  const { round, prior, evidence, inputs } = content
  const height = (parent.height + 1) as Height
  const place = { height, round, parentRound: parent.round }
  const attestations = inputs.map(({ message }) => message)
  const state = computeState(after.state, context, place, evidence, attestations)
  const tree = updateStateTree(after.tree, state)
  const body = {
    attestations: inputs.map(
      ({ message: { message }, digest }): AttestationRef => ({
        shard: message.shard,
        member: message.member,
        digest,
      }),
    ),
    evidence: [...evidence],
  }
  const next = getNextEpoch(prior, height)
  const header: Header = {
    epoch: context.epoch,
    ...place,
    parent: parentDigest,
    committee: context.committeeHash,
    parameters: context.parametersHash,
    body: getBodyHash(body),
    stateRoot: tree.root,
    next: next === undefined ? [] : [next],
  }
  const block: Block = { header, body }
  return { block, digest: getHeaderDigest(core.config.networkId, header), state, tree }
}
