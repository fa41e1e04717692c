import assert from 'node:assert/strict'
import { makeSignatureBudget } from '../../src/network/signature-budget.ts'

describe('the budget of slow signature checks', () => {
  const make = () => {
    let now = 0
    const refused: string[] = []
    const budget = makeSignatureBudget({
      nowMs: () => now,
      isCommittee: (peer) => peer === 'member',
      onRefused: (cause) => refused.push(cause),
      perPeer: { burst: 10, perSecond: 5 },
      strangers: { burst: 30, perSecond: 30 },
      committee: { burst: 60, perSecond: 30 },
    })
    const count = (peer: string, tries: number, isNamed = false) =>
      Array.from({ length: tries }, () => budget.take(peer, isNamed)).filter(Boolean).length
    return { count, refused, advance: (ms: number) => (now += ms) }
  }

  it('charges the connection: one peer gets no more than its share', () => {
    const { count, refused } = make()
    assert.equal(count('forger', 100), 10)
    assert.equal(refused.length, 90)
    assert.ok(refused.every((cause) => cause === 'connection'))
    assert.equal(count('other', 1), 1)
  })

  it('lets fifty forging peers silence neither a member nor what a block names', () => {
    const { count, refused } = make()
    let passed = 0
    for (let i = 0; i < 50; i++) passed += count(`forger ${i}`, 100)
    assert.equal(passed, 30, 'all strangers together')
    assert.ok(refused.includes('everyone'))
    assert.equal(count('member', 10), 10)
    assert.equal(count('forger 7', 20, true), 20)
  })

  it('bounds a member too, and all of them together', () => {
    const { count } = make()
    assert.equal(count('member', 100), 10)
    assert.equal(count('anyone', 200, true), 50 + 30)
  })

  it('gives it back with time', () => {
    const { count, advance } = make()
    assert.equal(count('forger', 100), 10)
    advance(1000)
    assert.equal(count('forger', 100), 5)
  })
})
