import { sendToAll, type Vice } from './vice.ts'

/**
 * One of two processes on one key, each a node of its own that knows nothing of the other and signs on
 * when it meets what the other signed: not ill-meaning, and the worst way to run a spare.
 */
export const twin: Vice = {
  name: 'twin',
  answers: true,
  isShameless: true,
  corrupt: (_powers, topic, shard, bytes, receivers) => sendToAll(topic, shard, bytes, receivers),
  // It stands elsewhere, and sees a little otherwise.
  distort: ({ prng }, _round, seen) => seen.filter(() => prng.chance(900)),
}
