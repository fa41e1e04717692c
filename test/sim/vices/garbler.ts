import type { Sending, Vice } from './vice.ts'

/** Sends what it should, and beside it the same with a bit turned, cut short, or under another topic. */
export const garbler: Vice = {
  name: 'garbler',
  answers: true,
  corrupt({ prng }, topic, shard, bytes, receivers) {
    return receivers.flatMap((to): Sending[] => {
      const garbled = Uint8Array.from(bytes)
      const at = prng.between(0, bytes.length - 1)
      garbled[at] = (garbled[at] ?? 0) ^ (1 << prng.between(0, 7))
      const what = prng.pick([garbled, bytes.subarray(0, at), new Uint8Array([...bytes, 0])])
      const where = prng.pick([topic, 'vote', 'certificate', 'proposal', 'evidence'] as const)
      return [
        { to, topic: where, shard, bytes: what },
        { to, topic, shard, bytes },
      ]
    })
  },
}
