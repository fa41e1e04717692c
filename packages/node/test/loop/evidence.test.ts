import assert from 'node:assert/strict'
import { type Evidence, getOffender } from '@watchfire/attestation'
import { makeAttestation } from '../fixtures.ts'
import { attest, gossip, type LoopHarness, makeCommittee } from './loop-harness.ts'

/** Another attestation of round 1 by member 3 than the one it sent everybody. */
function hearOther(harness: LoopHarness, outcome = 1): void {
  const observation = {
    target: 0 as never,
    status: 2,
    code: outcome,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
  }
  const { bytes } = makeAttestation(harness.context, 3, 1, [observation])
  harness.loop.handle({ topic: 'attestation', shard: 0, bytes, from: 'liar', via: 'gossip' })
  harness.settle()
}

const listKept = ({ store, context }: LoopHarness): readonly Evidence[] =>
  store.listEvidence(context.epoch)

describe('evidence in a node', () => {
  it('is kept, told and sent on when a member is heard to sign two things', () => {
    const { all } = makeCommittee()
    const [, leader] = all
    assert.ok(leader !== undefined)
    all.forEach((harness, member) => attest(harness, member, 1))
    gossip(all, (topic) => topic !== 'attestation')
    hearOther(leader)
    assert.deepEqual(listKept(leader).map(getOffender), [3])
    assert.equal(leader.accusations, 1)
    assert.ok(leader.network.sent.some(({ topic }) => topic === 'evidence'))
    hearOther(leader, 2)
    assert.equal(leader.accusations, 1)
  })

  it('is kept by those who know it only from a block, the offender excluded for all', () => {
    const { all } = makeCommittee()
    const [, leader, , liar] = all
    assert.ok(leader !== undefined && liar !== undefined)
    attest(liar, 3, 1)
    gossip([leader, liar])
    hearOther(leader)
    all.slice(0, 3).forEach((harness, member) => attest(harness, member, 1))
    // Only the leader hears both versions, and its evidence reaches nobody but in its block.
    gossip(all, (topic) => topic === 'evidence')
    for (const harness of all.slice(0, 3)) {
      assert.deepEqual(harness.faults, [])
      assert.deepEqual(harness.finals[0]?.state?.meta.excluded, [{ member: 3, round: 1 }])
      assert.deepEqual(listKept(harness), listKept(leader))
      assert.deepEqual(listKept(harness).map(getOffender), [3])
    }
  })

  it('gives way to the piece that the block holds', () => {
    const { all } = makeCommittee()
    const [zero, leader, , liar] = all
    assert.ok(zero !== undefined && leader !== undefined && liar !== undefined)
    attest(liar, 3, 1)
    gossip([zero, leader, liar])
    hearOther(zero, 2)
    const [own] = listKept(zero)
    assert.ok(own !== undefined)
    hearOther(leader, 1)
    all.slice(0, 3).forEach((harness, member) => attest(harness, member, 1))
    gossip(all, (topic) => topic === 'evidence')
    assert.equal(zero.finals[0]?.state?.meta.excluded.length, 1)
    assert.notDeepEqual(listKept(zero), [own])
    assert.deepEqual(listKept(zero), listKept(leader))
  })
})
