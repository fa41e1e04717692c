import {
  type AttestationRef,
  decode,
  type Digest,
  type Evidence,
  type Height,
  makeVoteEvidence,
  type MemberIndex,
  type Proposal,
  type Round,
  type SignedVote,
  signedProposalType,
} from '@watchfire/attestation'
import { rebuild, signProposal } from './blocks.ts'
import { type Powers, sendToAll, type Vice } from './vice.ts'

/** Ways to break SPEC 6.4; each gives undefined where it cannot be done just now. */
const ways: Readonly<Record<string, (powers: Powers, proposal: Proposal) => Proposal | undefined>> =
  {
    'on its own view': (_powers, proposal) => ({ ...proposal, parentView: proposal.view }),
    'at another height': (powers, proposal) =>
      rebuild(powers, proposal, {}, { height: (proposal.block.header.height + 1) as Height }),
    'in the round of its parent': (powers, proposal) => {
      const { parentRound } = proposal.block.header
      const parent = powers.getBlock(proposal.block.header.parent)
      const { attestations } = parent?.body ?? {}
      if (attestations === undefined || parent?.header.round !== parentRound) return undefined
      return rebuild(powers, proposal, { attestations, evidence: [] }, { round: parentRound })
    },
    'with another round for its parent’s': (powers, proposal) =>
      rebuild(powers, proposal, {}, { parentRound: 0 as Round }),
    'on too few attestations': (powers, proposal) => {
      const { attestations } = proposal.block.body
      // As many as are one too few, member by member, is what an off-by-one lets through.
      return rebuild(powers, proposal, { attestations: thin(powers, proposal, attestations) })
    },
    'on one attestation named twice': (powers, proposal) => {
      const kept = thin(powers, proposal, proposal.block.body.attestations)
      const attestations = kept.flatMap((each, index) => (index === 0 ? [each, each] : [each]))
      return rebuild(powers, proposal, { attestations })
    },
    'on what the excluded say': (powers, proposal) => {
      const mine = powers.getOwnAttestations(proposal.block.header.round)
      const { attestations } = proposal.block.body
      if (mine.length === 0 || attestations.some(({ member }) => member === powers.member)) {
        return undefined
      }
      const all = [...attestations, ...mine].toSorted(
        (a, b) => a.shard - b.shard || a.member - b.member,
      )
      return rebuild(powers, proposal, { attestations: all })
    },
    'with the attestations of another round': (powers, proposal) => {
      const attestations = powers.getBlock(proposal.block.header.parent)?.body.attestations
      return attestations === undefined ? undefined : rebuild(powers, proposal, { attestations })
    },
    'with false evidence': (powers, proposal) => {
      const members = powers.founding.epochs[proposal.epoch]?.committee.members.length ?? 1
      const other = ((powers.member + 1) % members) as MemberIndex
      const attestations = proposal.block.body.attestations.filter(({ member }) => member !== other)
      const evidence = [makeFalseEvidence(powers, proposal, other)]
      return rebuild(powers, proposal, { attestations, evidence })
    },
    'handing over to an epoch of its own': (powers, proposal) => {
      const [next] = proposal.block.header.next
      const digest = new Uint8Array(32).fill(5) as Digest
      return rebuild(
        powers,
        proposal,
        {},
        {
          next: next === undefined ? [{ committee: digest, parameters: digest }] : [],
        },
      )
    },
  }

/** As leader, breaks one rule for blocks after the other; all else about them is right, the state root too. */
export const lawlessLeader: Vice = {
  name: 'lawless-leader',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    // The same way for the same bytes: it equivocates not.
    const names = Object.keys(ways)
    const first = decoded.value.signature[0] ?? 0
    for (let tried = 0; tried < names.length; tried++) {
      const name = names[(first + tried) % names.length] ?? ''
      const other = ways[name]?.(powers, decoded.value.message)
      if (other === undefined) continue
      powers.count(`proposes ${name}`)
      return sendToAll(topic, shard, signProposal(powers, other), receivers)
    }
    return sendToAll(topic, shard, bytes, receivers)
  },
}

/** References short of what is needed by as little as members allow. */
function thin(
  { founding }: Powers,
  { epoch, block }: Proposal,
  references: readonly AttestationRef[],
): AttestationRef[] {
  const context = founding.epochs[epoch]
  if (context === undefined) return []
  const kept: AttestationRef[] = []
  const weights = new Map<number, number>()
  for (const reference of references) {
    const weight =
      (weights.get(reference.shard) ?? 0) +
      (context.committee.members[reference.member]?.weight ?? 0)
    if (weight >= context.quorum - block.body.evidence.length) continue
    weights.set(reference.shard, weight)
    kept.push(reference)
  }
  return kept
}

function makeFalseEvidence(
  { founding }: Powers,
  { epoch, view }: Proposal,
  member: MemberIndex,
): Evidence {
  const [first, second] = [1, 2].map((fill) => ({
    message: { epoch, view, kind: 1, member, header: new Uint8Array(32).fill(fill) as Digest },
    signature: new Uint8Array(64),
  })) as [SignedVote, SignedVote]
  return makeVoteEvidence(founding.networkId, first, second)
}
