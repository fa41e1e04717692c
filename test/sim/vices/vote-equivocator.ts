import {
  decode,
  type Digest,
  encode,
  getVoteDigest,
  type SignedVote,
  signedVoteType,
  voteKinds,
} from '@watchfire/attestation'
import { type Powers, sendSplit, sendToAll, type Vice } from './vice.ts'

/**
 * Votes for two headers in one view, and both finalizes and nullifies, telling different nodes
 * different things.
 */
export const voteEquivocator: Vice = {
  name: 'vote-equivocator',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const decoded = topic === 'vote' ? decode(signedVoteType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    const other = makeOther(powers, decoded.value)
    return sendSplit(powers.prng, topic, shard, [bytes, encode(signedVoteType, other)], receivers)
  },
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
