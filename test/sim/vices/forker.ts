import { decode, type Proposal, signedProposalType, type View } from '@watchfire/attestation'
import { rebuild, signProposal } from './blocks.ts'
import { type Powers, sendToAll, type Vice } from './vice.ts'

/**
 * As leader, builds beside what is notarized: a second block in the place of its parent, said to stand
 * on the parent's view, or on the view before it as if nothing came after. While the parent is not
 * final, two votes too many would make a fork of it.
 */
export const forker: Vice = {
  name: 'forker',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    const fork = decoded?.ok === true ? makeFork(powers, decoded.value.message) : undefined
    if (fork === undefined) return sendToAll(topic, shard, bytes, receivers)
    powers.count('proposes beside what is notarized')
    return sendToAll(topic, shard, signProposal(powers, fork), receivers)
  },
}

function makeFork(powers: Powers, proposal: Proposal): Proposal | undefined {
  const parent = powers.getBlock(proposal.block.header.parent)
  if (parent === undefined || parent.header.epoch !== proposal.epoch) return undefined
  const { height, parentRound, parent: grandparent } = parent.header
  const place = { height, parentRound, parent: grandparent, next: [] }
  const fork = rebuild(powers, proposal, { evidence: [] }, place)
  if (fork === undefined) return undefined
  const oldView = height === 1 ? (0 as View) : powers.getView(grandparent)
  // The same for the same view: it equivocates not.
  return proposal.view % 2 === 0 || oldView === undefined ? fork : { ...fork, parentView: oldView }
}
