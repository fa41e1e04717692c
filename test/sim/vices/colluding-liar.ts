import { makeFailed, makeReached } from './liar.ts'
import { sendToAll, type Vice } from './vice.ts'

/**
 * Tells the lie that its accomplices tell: all say the same of a target in a round, the strongest way
 * for f to move what is agreed.
 */
export const colludingLiar: Vice = {
  name: 'colluding-liar',
  answers: true,
  corrupt: (_powers, topic, shard, bytes, receivers) => sendToAll(topic, shard, bytes, receivers),
  distort({ count }, round, seen) {
    return seen.map((observation) => {
      count('lies with others')
      // A function of round and target alone: nothing needs to be said among them.
      switch ((Math.floor(round / 4) + observation.target) % 4) {
        case 0:
          return makeFailed(observation)
        case 1:
          return makeReached(observation, 2n ** 62n, 2n ** 62n)
        case 2:
          return makeReached(observation, -(2n ** 62n), -(2n ** 62n))
        default:
          return makeReached(observation, BigInt(2 * round + 50), 1n)
      }
    })
  },
}
