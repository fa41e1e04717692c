import {
  decode,
  encode,
  type Evidence,
  evidenceType,
  getReceivedAttestationClaim,
  makeAttestationEvidence,
  makeVoteEvidence,
  type MemberIndex,
  type SignedAttestationClaim,
  signedAttestationType,
  type SignedVote,
} from '@watchfire/attestation'
import { readVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/**
 * Accuses honest members: with two true messages of theirs that exclude nothing, the same one twice, or
 * a second one that they never signed.
 */
export class Slanderer implements Vice {
  readonly name = 'slanderer'
  readonly answers = true
  readonly #votes = new Map<MemberIndex, SignedVote>()
  readonly #claims = new Map<MemberIndex, SignedAttestationClaim>()

  corrupt: Vice['corrupt'] = (_powers, topic, shard, bytes, receivers) =>
    sendToAll(topic, shard, bytes, receivers)

  hear(powers: Powers, topic: Sending['topic'], _shard: number, bytes: Uint8Array): Sending[] {
    const evidence =
      topic === 'vote' ? this.#fromVote(powers, bytes) : this.#fromOther(powers, topic, bytes)
    if (evidence === undefined) return []
    powers.count('accuses an honest member')
    return sendToAll('evidence', 0, encode(evidenceType, evidence), powers.others)
  }

  #fromVote({ prng, founding }: Powers, bytes: Uint8Array): Evidence | undefined {
    const heard = readVote(bytes)
    if (heard === undefined) return undefined
    const { member } = heard.message
    const before = this.#votes.get(member)
    if (before === undefined || prng.chance(300)) this.#votes.set(member, heard)
    if (before === undefined) return undefined
    // Of two views; or notarize and nullify of one; or the same twice; or one it never signed.
    const header = Uint8Array.from(before.message.header, (byte) => byte ^ 1)
    const forged = { ...before, message: { ...before.message, header } } as SignedVote
    const second = prng.pick([heard, before, forged])
    return makeVoteEvidence(founding.networkId, before, second)
  }

  #fromOther({ prng, founding }: Powers, topic: Sending['topic'], bytes: Uint8Array) {
    const decoded = topic === 'attestation' ? decode(signedAttestationType, bytes) : undefined
    if (decoded?.ok !== true) return undefined
    const { message, signature } = decoded.value
    const claim = { message: getReceivedAttestationClaim(message, bytes), signature }
    const before = this.#claims.get(message.member)
    this.#claims.set(message.member, claim)
    if (before === undefined) return undefined
    const observations = Uint8Array.from(claim.message.observations, (byte) => byte ^ 1)
    const forged = { ...claim, message: { ...claim.message, observations } }
    return makeAttestationEvidence(founding.networkId, claim, prng.pick([before, forged]))
  }
}
