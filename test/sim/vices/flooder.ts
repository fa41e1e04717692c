import {
  type Attestation,
  decode,
  type Digest,
  type Round,
  signedAttestationType,
  signedProposalType,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { signProposal } from './blocks.ts'
import { signAttestation, signVote } from './messages.ts'
import { type Powers, sendToAll, type Sending, type Vice } from './vice.ts'

/** What is sent beside each honest message, to everyone. */
const BESIDE = 12

/**
 * Sends all that it may sign and nobody wants, each thing once and validly signed: votes for views far
 * ahead, attestations of rounds far ahead and long gone, further versions of both, proposals for every
 * view that it will lead, and rubbish.
 */
export const flooder: Vice = {
  name: 'flooder',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const flood = Array.from({ length: BESIDE }, () => makeOne(powers, topic, bytes))
    return [
      ...sendToAll(topic, shard, bytes, receivers),
      ...flood.flatMap((one) => sendToAll(one.topic, one.shard, one.bytes, receivers)),
    ]
  },
}

function makeOne(powers: Powers, topic: Sending['topic'], bytes: Uint8Array): Omit<Sending, 'to'> {
  const { prng, count } = powers
  const attestation = topic === 'attestation' ? decode(signedAttestationType, bytes) : undefined
  const proposal = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
  if (attestation?.ok === true) {
    count('floods with an attestation')
    const { message } = attestation.value
    const round = Math.max(0, message.round + prng.between(-30, 60)) as Round
    const other: Attestation = { ...message, round }
    return { topic: 'attestation', shard: message.shard, bytes: signAttestation(powers, other) }
  }
  if (proposal?.ok === true) {
    count('floods with a proposal')
    const { message } = proposal.value
    const members = powers.founding.epochs[message.epoch]?.committee.members.length ?? 1
    const view = (message.view + members * prng.between(1, 400)) as View
    return { topic: 'proposal', shard: 0, bytes: signProposal(powers, { ...message, view }) }
  }
  if (prng.chance(100)) {
    count('floods with rubbish')
    const rubbish = Uint8Array.from({ length: prng.between(0, 200) }, () => prng.between(0, 255))
    return { topic: prng.pick(['vote', 'evidence', 'certificate']), shard: 0, bytes: rubbish }
  }
  count('floods with a vote')
  const kind = prng.pick(Object.values(voteKinds))
  const header = new Uint8Array(32) as Digest
  if (kind !== voteKinds.nullify) header.fill(prng.between(1, 255))
  const view = (powers.view + prng.between(1, 1400)) as View
  const vote = { epoch: powers.epoch, view, kind, member: powers.member, header }
  return { topic: 'vote', shard: 0, bytes: signVote(powers, vote) }
}
