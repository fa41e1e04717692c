import type { Digest, State } from '@watchfire/attestation'
import type { Founding } from '../world/founding.ts'
import type { Answer } from '../world/requests.ts'
import type { Prng } from '../world/prng.ts'
import type { TopicName } from '../checkers/checker.ts'

/** Bytes on their way to one node. */
export interface Sending {
  readonly to: number
  readonly topic: TopicName
  readonly shard: number
  readonly bytes: Uint8Array
}

/** What a faulty node has at hand: its own key, and what its own core knows. */
export interface Powers {
  readonly founding: Founding
  readonly prng: Prng
  readonly member: number
  readonly sign: (digest: Uint8Array) => Uint8Array
  /** The state after a block that this node stored or finalized. */
  readonly getState: (headerDigest: Digest) => State | undefined
}

/**
 * One way to be faulty. The node runs the honest core; what it sends is what the vice makes of it.
 * A vice signs with its own key only.
 */
export interface Vice {
  readonly name: string
  /** Whether it answers requests. */
  readonly answers: boolean
  /** @returns what really leaves the node instead of `bytes` to each of `receivers` */
  corrupt(
    powers: Powers,
    topic: TopicName,
    shard: number,
    bytes: Uint8Array,
    receivers: readonly number[],
  ): readonly Sending[]
  /** @returns what it answers instead of the truth; absent: the truth */
  corruptAnswer?(powers: Powers, answer: Answer): Answer
}

/** The honest way: the same bytes to everyone. */
export function sendToAll(
  topic: TopicName,
  shard: number,
  bytes: Uint8Array,
  receivers: readonly number[],
): Sending[] {
  return receivers.map((to) => ({ to, topic, shard, bytes }))
}

/** One half of the receivers hears one thing, the other half another. */
export function sendSplit(
  prng: Prng,
  topic: TopicName,
  shard: number,
  [left, right]: readonly [Uint8Array, Uint8Array],
  receivers: readonly number[],
): Sending[] {
  // Now and then somebody hears both.
  return receivers.flatMap((to) => {
    const draw = prng.between(0, 9)
    const heard = draw < 4 ? [left] : draw < 8 ? [right] : [left, right]
    return heard.map((bytes) => ({ to, topic, shard, bytes }))
  })
}
