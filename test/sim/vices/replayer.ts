import { type Digest, encode, getVoteDigest, signedVoteType } from '@watchfire/attestation'
import { readVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/** Messages that it remembers. */
const REMEMBERED = 400
/** Of a thousand messages heard, those that make it say an old one again. */
const PER_MILLE = 150

/**
 * Says again, to anyone, what anyone said before: of old rounds, views and epochs; and its own votes as
 * it would sign them on another network.
 */
export class Replayer implements Vice {
  readonly name = 'replayer'
  readonly answers = true
  readonly #heard: Omit<Sending, 'to'>[] = []

  corrupt: Vice['corrupt'] = (powers, topic, shard, bytes, receivers) => {
    const foreign = topic === 'vote' ? signForOtherNetwork(powers, bytes) : undefined
    return [
      ...(foreign === undefined ? [] : sendToAll(topic, shard, foreign, receivers)),
      ...sendToAll(topic, shard, bytes, receivers),
    ]
  }

  hear({ prng, others, count }: Powers, topic: Sending['topic'], shard: number, bytes: Uint8Array) {
    // The oldest are kept, and some of the newer, so that some are of long ago.
    if (this.#heard.length < REMEMBERED) this.#heard.push({ topic, shard, bytes })
    else if (prng.chance(PER_MILLE)) {
      this.#heard[prng.between(0, REMEMBERED - 1)] = { topic, shard, bytes }
    }
    if (!prng.chance(PER_MILLE)) return []
    count('says again what was said')
    return [{ to: prng.pick(others), ...prng.pick(this.#heard) }]
  }
}

function signForOtherNetwork({ founding, sign, count }: Powers, bytes: Uint8Array) {
  const message = readVote(bytes)?.message
  if (message === undefined) return undefined
  count('votes as on another network')
  const network = Uint8Array.from(founding.networkId, (byte) => byte ^ 0xff) as Digest
  return encode(signedVoteType, { message, signature: sign(getVoteDigest(network, message)) })
}
