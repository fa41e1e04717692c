import { createHash } from 'node:crypto'
import { type Digest, limits, toHex } from '@watchfire/attestation'
import { type TopicName, topicNumbers } from '../ports.ts'

/** What is fixed about a topic (SPEC 8, 10). */
export interface TopicSpec {
  /** Its number on the `direct` stream. */
  readonly number: number
  /** Most bytes of one message: above it, the sender answers for it (SPEC 8.1). */
  readonly bytesMax: number
  /** Whether there is one topic for each shard. */
  readonly isSharded: boolean
}

/** The one table that ties a topic to its bound and its number on `direct`. */
export const topicSpecs: Readonly<Record<TopicName, TopicSpec>> = {
  attestation: {
    number: topicNumbers.attestation,
    bytesMax: limits.attestationBytesMax,
    isSharded: true,
  },
  proposal: { number: topicNumbers.proposal, bytesMax: limits.proposalBytesMax, isSharded: false },
  vote: { number: topicNumbers.vote, bytesMax: limits.voteBytesMax, isSharded: false },
  certificate: {
    number: topicNumbers.certificate,
    bytesMax: limits.viewCertificateBytesMax,
    isSharded: false,
  },
  evidence: { number: topicNumbers.evidence, bytesMax: limits.evidenceBytesMax, isSharded: false },
  status: { number: topicNumbers.status, bytesMax: limits.statusBytesMax, isSharded: false },
}

/** Every topic's name. */
export const topicNames = Object.keys(topicSpecs) as TopicName[]
const namesByNumber = new Map(topicNames.map((name) => [topicSpecs[name].number, name]))

/** @returns the topic with this number on `direct`; `undefined` for a number that is none */
export function getTopicByNumber(number: number): TopicName | undefined {
  return namesByNumber.get(number)
}

/** What gossipsub calls a topic, and what it is to us. */
export interface Topic {
  readonly name: TopicName
  /** Set for attestations only. */
  readonly shard: number | undefined
  readonly gossipName: string
}

/** Start of every topic and protocol name of a network (SPEC 8, 10). */
export function getPrefix(networkId: Digest): string {
  return `/watchfire/1/${toHex(networkId)}`
}

/** Name of a topic in gossipsub (SPEC 8). @param shard counts for attestations only */
export function getGossipName(networkId: Digest, name: TopicName, shard: number): string {
  const base = `${getPrefix(networkId)}/${name}`
  return topicSpecs[name].isSharded ? `${base}/${shard}` : base
}

/** Every topic of a network: nothing else is let into gossipsub. */
export function listTopics(networkId: Digest, shards: number): readonly Topic[] {
  return topicNames.flatMap((name): Topic[] => {
    if (!topicSpecs[name].isSharded)
      return [{ name, shard: undefined, gossipName: getGossipName(networkId, name, 0) }]
    return Array.from({ length: shards }, (_, shard) => ({
      name,
      shard,
      gossipName: getGossipName(networkId, name, shard),
    }))
  })
}

const MESSAGE_ID_BYTES = 20

/** First 20 bytes of `sha256(topic ‖ 0x00 ‖ data)`: equal content is one message (SPEC 8). */
export function getMessageId(gossipName: string, data: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(gossipName).update(separator).update(data)
  return hash.digest().subarray(0, MESSAGE_ID_BYTES)
}
const separator = Uint8Array.of(0)
