import {
  type Digest,
  encode,
  getVoteDigest,
  type SignedVote,
  signedVoteType,
  voteKinds,
} from '@watchfire/attestation'
import { readVote } from './messages.ts'
import { type Powers, sendSplit, sendToAll, type Vice } from './vice.ts'

/**
 * Votes for two headers in one view, or both finalizes and nullifies, telling different nodes different
 * things; in votes of one kind, its own, so that what it does in the others does not give it away first.
 */
export class VoteEquivocator implements Vice {
  readonly name = 'vote-equivocator'
  readonly answers = true
  #kind: number | undefined

  corrupt: Vice['corrupt'] = (powers, topic, shard, bytes, receivers) => {
    this.#kind ??= powers.prng.pick(Object.values(voteKinds))
    const signed = topic === 'vote' ? readVote(bytes) : undefined
    if (signed === undefined || signed.message.kind !== this.#kind) {
      return sendToAll(topic, shard, bytes, receivers)
    }
    const other = makeOther(powers, signed)
    return sendSplit(powers.prng, topic, shard, [bytes, encode(signedVoteType, other)], receivers)
  }
}

function makeOther({ founding, prng, sign }: Powers, { message }: SignedVote): SignedVote {
  const { notarize, nullify, finalize } = voteKinds
  const isNullify = message.kind === nullify
  const kind = isNullify ? prng.pick([notarize, finalize]) : prng.pick([message.kind, nullify])
  const header = new Uint8Array(32) as Digest
  if (kind !== nullify) header.fill(prng.between(1, 255))
  const vote = { ...message, kind, header }
  return { message: vote, signature: sign(getVoteDigest(founding.networkId, vote)) }
}
