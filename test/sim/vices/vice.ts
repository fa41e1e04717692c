import type {
  AttestationRef,
  Block,
  Digest,
  Epoch,
  MemberIndex,
  Observation,
  Round,
  SignedAttestation,
  State,
  View,
} from '@watchfire/attestation'
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

/** What a faulty node has at hand: its own key, and what its own core and others told it. */
export interface Powers {
  readonly founding: Founding
  readonly prng: Prng
  readonly member: MemberIndex
  /** All other nodes, by index. */
  readonly others: readonly number[]
  /** By its own clock. */
  readonly round: Round
  readonly epoch: Epoch
  readonly view: View
  readonly sign: (digest: Digest) => Uint8Array
  /** The state after a block that this node stored or finalized. */
  readonly getState: (headerDigest: Digest) => State | undefined
  /** A block that this node stored. */
  readonly getBlock: (headerDigest: Digest) => Block | undefined
  /** An attestation that this node holds. */
  readonly getAttestation: (digest: Digest) => SignedAttestation | undefined
  /** Its own attestations of a round that it holds. */
  readonly getOwnAttestations: (round: Round) => readonly AttestationRef[]
  /** The view in which this node knows a header to be notarized. */
  readonly getView: (headerDigest: Digest) => View | undefined
  /** Counts a deed, so that it can be seen that the vice was there. */
  readonly count: (deed: string) => void
}

/**
 * One way to be faulty. The node runs the honest core; what it sends is what the vice makes of it.
 * A vice signs with its own key only, and knows what reached its node.
 */
export interface Vice {
  readonly name: string
  /** Whether it answers requests. */
  readonly answers: boolean
  /** Whether it signs on when it meets its own signature that its log does not hold (SPEC 6.9). */
  readonly isShameless?: boolean
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
  /** @returns what it says it saw instead of what it saw; absent: the truth */
  distort?(powers: Powers, round: Round, seen: readonly Observation[]): Observation[]
  /** Everything that reaches the node. @returns what it sends there and then; absent: nothing */
  hear?(powers: Powers, topic: TopicName, shard: number, bytes: Uint8Array): readonly Sending[]
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
