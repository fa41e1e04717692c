import {
  decode,
  type Digest,
  encode,
  sha256,
  signedAttestationType,
  signedProposalType,
  signedVoteType,
  voteKinds,
} from '@watchfire/attestation'
import { signProposal } from './blocks.ts'
import { readVote, signVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/**
 * A node of an earlier release, not ill-meaning: either it speaks the protocol of before, whose
 * signatures bind another version, or it keeps to rules of before, by which states come out otherwise:
 * then it refuses what others propose, and others what it does.
 */
export class Outdated implements Vice {
  readonly name = 'outdated'
  readonly answers = true
  #isOfOldProtocol: boolean | undefined

  corrupt: Vice['corrupt'] = (powers, topic, shard, bytes, receivers) => {
    this.#isOfOldProtocol ??= powers.prng.chance(500)
    const said = this.#isOfOldProtocol
      ? signAsBefore(powers, topic, bytes)
      : judgeAsBefore(powers, topic, bytes)
    return said === undefined ? [] : sendToAll(topic, shard, said, receivers)
  }
}

/** The same message under a signature that binds protocol 0. */
function signAsBefore({ sign, count }: Powers, topic: Sending['topic'], bytes: Uint8Array) {
  const types = {
    attestation: signedAttestationType,
    proposal: signedProposalType,
    vote: signedVoteType,
  }
  if (topic === 'certificate' || topic === 'evidence') return bytes
  const decoded = decode<{ message: unknown; signature: Uint8Array }>(types[topic] as never, bytes)
  if (!decoded.ok) return bytes
  count('signs for an earlier protocol')
  // What that digest was does not matter: it is another than today's.
  const digest = sha256(Uint8Array.of(0, ...bytes.subarray(0, 64))) as Digest
  return encode(types[topic] as never, { ...decoded.value, signature: sign(digest) } as never)
}

function judgeAsBefore(powers: Powers, topic: Sending['topic'], bytes: Uint8Array) {
  if (topic === 'vote') {
    const message = readVote(bytes)?.message
    if (message === undefined || message.kind === voteKinds.nullify) return bytes
    if (message.kind === voteKinds.finalize) return undefined
    powers.count('refuses by earlier rules')
    const header = new Uint8Array(32) as Digest
    return signVote(powers, { ...message, kind: voteKinds.nullify, header })
  }
  if (topic !== 'proposal') return bytes
  const decoded = decode(signedProposalType, bytes)
  if (!decoded.ok) return bytes
  const { message } = decoded.value
  powers.count('proposes by earlier rules')
  const stateRoot = sha256(message.block.header.stateRoot) as Digest
  const header = { ...message.block.header, stateRoot }
  return signProposal(powers, { ...message, block: { ...message.block, header } })
}
