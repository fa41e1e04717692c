import type { Answer } from '../world/requests.ts'
import { type Powers, sendToAll, type Vice } from './vice.ts'

/** Votes as it should, but answers requests with other bytes than were asked for. */
export const falseServer: Vice = {
  name: 'false-server',
  answers: true,
  corrupt: (_powers, topic, shard, bytes, receivers) => sendToAll(topic, shard, bytes, receivers),
  corruptAnswer(powers, answer): Answer {
    powers.count('answers falsely')
    switch (answer.kind) {
      case 'attestations': {
        const messages = answer.messages.map(({ shard, bytes }) => {
          return { shard, bytes: turnBit(powers, bytes) }
        })
        return { ...answer, messages }
      }
      case 'blocks':
      case 'views':
        return { ...answer, messages: answer.messages.map((bytes) => turnBit(powers, bytes)) }
      case 'certificates': {
        // The state of another height, or one with a bit turned, under certificates that verify.
        const { state } = answer
        return { ...answer, state: state === undefined ? undefined : turnBit(powers, state) }
      }
      case 'highest':
        break
    }
    return { ...answer, certificate: undefined, round: 0 }
  },
}

function turnBit({ prng }: Powers, bytes: Uint8Array): Uint8Array {
  const turned = Uint8Array.from(bytes)
  const at = prng.between(0, bytes.length - 1)
  turned[at] = (turned[at] ?? 0) ^ (1 << prng.between(0, 7))
  return turned
}
