import { Prng } from '../world/prng.ts'
import type { Sending, Vice } from './vice.ts'

/** Talks to some and never to the others: always the same ones, as if the rest did not exist. */
export const selective: Vice = {
  name: 'selective',
  answers: true,
  corrupt({ founding, member }, topic, shard, bytes, receivers) {
    return receivers.flatMap((to): Sending[] => {
      const isFriend = new Prng(founding.networkId[0] ?? 0, `friend ${member}/${to}`).chance(500)
      return isFriend ? [{ to, topic, shard, bytes }] : []
    })
  },
}
