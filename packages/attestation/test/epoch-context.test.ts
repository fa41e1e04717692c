import assert from 'node:assert/strict'
import {
  getFaulty,
  getLeader,
  getMemberIndex,
  getQuorum,
  getWeight,
  type MemberIndex,
  type MonitorId,
  type View,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { makeContext, makeManifestJson, makeMemberJson } from './support/network-fixture.ts'

describe('quorum arithmetic (SPEC 1)', () => {
  it('is exact at its boundaries', () => {
    const expected: [number, number, number][] = [
      // W, Q, f
      [1, 1, 0],
      [2, 2, 0],
      [3, 3, 0],
      [4, 3, 1],
      [5, 4, 1],
      [6, 5, 1],
      [7, 5, 2],
      [10, 7, 3],
      [256, 171, 85],
    ]
    for (const [weight, quorum, faulty] of expected) {
      assert.equal(getQuorum(weight), quorum, `W = ${weight}`)
      assert.equal(getFaulty(weight), faulty, `W = ${weight}`)
    }
  })

  it('agrees with big integers up to 2^53 - 1', () => {
    const weight = fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.maxSafeInteger().map((n) => Math.abs(n) || 1),
      fc.integer({ min: 0, max: 20 }).map((n) => Number.MAX_SAFE_INTEGER - n),
    )
    fc.assert(
      fc.property(weight, (total) => {
        const quorum = (2n * BigInt(total)) / 3n + 1n
        assert.equal(BigInt(getQuorum(total)), quorum)
        assert.equal(BigInt(getFaulty(total)), BigInt(total) - quorum)
      }),
    )
  })

  it('lets any two quorums share more than what may be faulty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (total) => {
        assert.ok(2 * getQuorum(total) - total > getFaulty(total))
        assert.ok(total - getFaulty(total) >= getQuorum(total))
      }),
    )
  })
})

describe('epoch context', () => {
  const committee = [3, 2, 2, 3].map((weight, index) => makeMemberJson(`m${4 - index}`, weight))
  const context = makeContext({ ...makeManifestJson(), committee })

  it('orders members by id and adds up what they weigh', () => {
    assert.deepEqual(context.memberIds, ['m1', 'm2', 'm3', 'm4'])
    assert.equal(context.weightTotal, 10)
    assert.equal(context.quorum, 7)
    assert.equal(context.faulty, 3)
    assert.equal(getWeight(context, [0, 2] as MemberIndex[]), 5)
    assert.equal(getWeight(context, []), 0)
    assert.throws(() => getWeight(context, [4] as MemberIndex[]), RangeError)
  })

  it('finds members by id, and none for a stranger', () => {
    assert.equal(getMemberIndex(context, 'm3' as MonitorId), 2)
    assert.equal(getMemberIndex(context, 'm5' as MonitorId), undefined)
    assert.equal(getMemberIndex(context, 'toString' as MonitorId), undefined)
  })

  it('gives the lead of view v to the member with index v mod n (SPEC 6.2)', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 4_000_001].map((view) => getLeader(context, view as View)),
      [1, 2, 3, 0, 1],
    )
  })
})
