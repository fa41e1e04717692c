import assert from 'node:assert/strict'
import { makePeerBuckets, makeTokenBucket } from '../../src/network/token-bucket.ts'

describe('a token bucket', () => {
  it('gives its burst at once, then no more than its rate', () => {
    let now = 0
    const bucket = makeTokenBucket({ burst: 3, perSecond: 2 }, () => now)
    assert.deepEqual(
      [1, 2, 3, 4].map(() => bucket.take()),
      [true, true, true, false],
    )
    now = 499
    assert.equal(bucket.take(), false)
    now = 500
    assert.equal(bucket.take(), true)
    now = 1_000_000
    assert.equal(bucket.take(3), true)
    assert.equal(bucket.take(), false)
  })

  it('says how long to wait, and that time suffices', () => {
    let now = 0
    const bucket = makeTokenBucket({ burst: 10, perSecond: 3 }, () => now)
    assert.equal(bucket.getWaitMs(10), 0)
    assert.equal(bucket.take(10), true)
    const waitMs = bucket.getWaitMs(5)
    assert.equal(waitMs, 1667)
    now += waitMs
    assert.equal(bucket.take(5), true)
  })

  it('charges a whole bucket for what is larger than it, so that nothing waits for ever', () => {
    const bucket = makeTokenBucket({ burst: 10, perSecond: 1 }, () => 0)
    assert.equal(bucket.take(1000), true)
    assert.equal(bucket.getWaitMs(1000), 10_000)
  })

  it('gains nothing from a clock that goes back', () => {
    let now = 1000
    const bucket = makeTokenBucket({ burst: 1, perSecond: 1 }, () => now)
    bucket.take()
    now = 0
    assert.equal(bucket.take(), false)
  })
})

describe('buckets of peers', () => {
  it('are one each, and no more than the bound: the one longest unused goes', () => {
    const buckets = makePeerBuckets({ burst: 1, perSecond: 1 }, () => 0, 2)
    assert.equal(buckets.get('a').take(), true)
    assert.equal(buckets.get('b').take(), true)
    assert.equal(buckets.get('a').take(), false)
    assert.equal(buckets.get('c').take(), true)
    assert.equal(buckets.get('a').take(), false, 'a was used after b')
    assert.equal(buckets.get('b').take(), true, 'b was forgotten')
  })
})
