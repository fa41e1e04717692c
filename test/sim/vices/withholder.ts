import { sendToAll, type Vice } from './vice.ts'

/**
 * Proposes what it will not serve: shows its attestations to nobody, names them in the blocks that it
 * leads, and answers with nothing when it is asked for them; and each vote it tells to a part of the
 * others only, so that some have a certificate and some do not.
 */
export const withholder: Vice = {
  name: 'withholder',
  answers: true,
  corrupt({ prng, count }, topic, shard, bytes, receivers) {
    if (topic === 'attestation') {
      count('keeps an attestation')
      return []
    }
    if (topic !== 'vote') return sendToAll(topic, shard, bytes, receivers)
    return receivers.flatMap((to) => (prng.chance(500) ? [{ to, topic, shard, bytes }] : []))
  },
  corruptAnswer({ count }, answer) {
    if (answer.kind !== 'attestations' && answer.kind !== 'blocks') return answer
    if (answer.messages.length > 0) count('does not serve what it proposed')
    return { ...answer, messages: [] }
  },
}
