import {
  decode,
  type MemberIndex,
  signedAttestationType,
  signedProposalType,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { signProposal } from './blocks.ts'
import { readVote, signAttestation, signVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/**
 * Speaks for others, before they do: attestations and votes in every other member's name, under its own
 * key; and proposals, in its own name and in the leader's, for views that it does not lead.
 */
export const impersonator: Vice = {
  name: 'impersonator',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const forged = forge(powers, topic, bytes)
    return [
      ...forged.flatMap((each) => sendToAll(topic, shard, each, receivers)),
      ...sendToAll(topic, shard, bytes, receivers),
    ]
  },
  hear(powers, topic, shard, bytes) {
    // Another leader's block, in its own name.
    const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
    if (decoded?.ok !== true) return []
    // Not of views still far off: two of its kind would answer each other, more and more, for ever.
    if (decoded.value.message.view > powers.view + 1) return []
    const next = { ...decoded.value.message, view: (decoded.value.message.view + 1) as View }
    return usurp(powers, next).flatMap((each) => sendToAll(topic, shard, each, powers.others))
  },
}

function forge(powers: Powers, topic: Sending['topic'], bytes: Uint8Array): Uint8Array[] {
  const others = getOtherMembers(powers)
  switch (topic) {
    case 'attestation': {
      const decoded = decode(signedAttestationType, bytes)
      if (!decoded.ok) return []
      const { message } = decoded.value
      powers.count('attests for others')
      const observations = message.observations.slice(1)
      return others.map((member) => signAttestation(powers, { ...message, member, observations }))
    }
    case 'vote': {
      const message = readVote(bytes)?.message
      if (message === undefined) return []
      powers.count('votes for others')
      const header = Uint8Array.from(message.header)
      if (message.kind !== voteKinds.nullify) header[0] = (header[0] ?? 0) ^ 1
      const vote = { ...message, header: header as typeof message.header }
      return others.map((member) => signVote(powers, { ...vote, member }))
    }
    case 'proposal': {
      const decoded = decode(signedProposalType, bytes)
      if (!decoded.ok) return []
      const { message } = decoded.value
      return [1, 2].flatMap((ahead) =>
        usurp(powers, { ...message, view: (message.view + ahead) as View }),
      )
    }
    case 'certificate':
    case 'evidence':
      break
  }
  return []
}

function usurp(powers: Powers, message: Parameters<typeof signProposal>[1]): Uint8Array[] {
  const members = powers.founding.epochs[message.epoch]?.committee.members.length ?? 1
  const leader = (message.view % members) as MemberIndex
  if (leader === powers.member) return []
  powers.count('proposes out of turn')
  return [powers.member, leader].map((member) => signProposal(powers, { ...message, member }))
}

function getOtherMembers({ founding, epoch, member }: Powers): MemberIndex[] {
  const members = founding.epochs[epoch]?.committee.members ?? []
  return [...members.keys()].filter((each) => each !== member) as MemberIndex[]
}
