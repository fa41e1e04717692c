import type { Vice } from './vice.ts'

/**
 * Tells each thing it signs to a few only: attestations that its own blocks then name, proposals
 * that a part of the others must fetch, votes that make a certificate for some and not for others.
 */
export const withholder: Vice = {
  name: 'withholder',
  answers: true,
  corrupt({ prng }, topic, shard, bytes, receivers) {
    return receivers.flatMap((to) => (prng.chance(500) ? [{ to, topic, shard, bytes }] : []))
  },
}
