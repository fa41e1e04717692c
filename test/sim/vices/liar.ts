import { type Observation, observationStatuses, outcomes, toBits } from '@watchfire/attestation'
import { sendToAll, type Vice } from './vice.ts'

/** Says of each target what it likes: the opposite of what it saw, or a value out of all proportion. */
export const liar: Vice = {
  name: 'liar',
  answers: true,
  corrupt: (_powers, topic, shard, bytes, receivers) => sendToAll(topic, shard, bytes, receivers),
  distort({ prng, count }, _round, seen) {
    return seen.map((observation) => {
      count('lies')
      const isReached = observation.status === observationStatuses.reached
      if (!isReached || prng.chance(400)) {
        return isReached ? makeFailed(observation) : makeReached(observation, 1_000_000n, 1n)
      }
      const value = prng.pick([2n ** 62n, -(2n ** 62n), 0n])
      return makeReached(observation, value, value)
    })
  },
}

export function makeFailed({ target }: Observation): Observation {
  return {
    target,
    status: observationStatuses.failed,
    code: outcomes.refused,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
  }
}

/** The first two signals of a simulated target: its height and its latency. */
export function makeReached({ target }: Observation, height: bigint, latency: bigint): Observation {
  return {
    target,
    status: observationStatuses.reached,
    code: 0,
    referenceKind: 1,
    reference: 999_999,
    signals: [
      { index: 0, value: toBits(height) },
      { index: 1, value: toBits(latency) },
    ],
    identities: [{ index: 0, value: new Uint8Array(32).fill(0xee) }],
  }
}
