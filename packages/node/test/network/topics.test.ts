import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Digest } from '@watchfire/attestation'
import {
  getGossipName,
  getMessageId,
  getTopicByNumber,
  listTopics,
  topicNames,
  topicSpecs,
} from '../../src/network/topics.ts'

const networkId = new Uint8Array(32).fill(0xab) as Digest
const hex = 'ab'.repeat(32)

describe('topics', () => {
  it('are named by version, network and, for attestations, shard (SPEC 8)', () => {
    assert.deepEqual(
      listTopics(networkId, 2).map(({ gossipName, name, shard }) => [gossipName, name, shard]),
      [
        [`/watchfire/1/${hex}/attestation/0`, 'attestation', 0],
        [`/watchfire/1/${hex}/attestation/1`, 'attestation', 1],
        [`/watchfire/1/${hex}/proposal`, 'proposal', undefined],
        [`/watchfire/1/${hex}/vote`, 'vote', undefined],
        [`/watchfire/1/${hex}/certificate`, 'certificate', undefined],
        [`/watchfire/1/${hex}/evidence`, 'evidence', undefined],
        [`/watchfire/1/${hex}/status`, 'status', undefined],
      ],
    )
    assert.equal(getGossipName(networkId, 'vote', 5), `/watchfire/1/${hex}/vote`)
  })

  it('have the numbers of SPEC 10 on direct streams, and no others', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 255].map(getTopicByNumber), [
      'attestation',
      'proposal',
      'vote',
      'certificate',
      'evidence',
      'status',
      undefined,
      undefined,
    ])
    for (const name of topicNames) assert.equal(getTopicByNumber(topicSpecs[name].number), name)
  })

  it('give a message the first 20 bytes of sha256(topic ‖ 0x00 ‖ data) as id', () => {
    const data = Uint8Array.of(1, 2, 3)
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.from('topic'), Buffer.of(0), data]))
      .digest('hex')
      .slice(0, 40)
    assert.equal(Buffer.from(getMessageId('topic', data)).toString('hex'), expected)
  })
})
