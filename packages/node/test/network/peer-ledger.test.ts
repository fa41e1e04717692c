import assert from 'node:assert/strict'
import { makePeerLedger, penalties, penaltyLimit } from '../../src/network/peer-ledger.ts'

describe('the ledger of peers', () => {
  it('adds up what a peer answers for, and halves it every minute', () => {
    let now = 0
    const ledger = makePeerLedger(() => now)
    assert.equal(ledger.getPenalty('a'), 0)
    ledger.penalize('a', 40)
    ledger.penalize('a', 40)
    assert.equal(ledger.getPenalty('a'), 80)
    now = 60_000
    assert.equal(ledger.getPenalty('a'), 40)
    ledger.penalize('a', 40)
    now = 120_000
    assert.equal(ledger.getPenalty('a'), 40)
    assert.equal(ledger.getPenalty('b'), 0)
  })

  it('forgives even the worst in a few minutes', () => {
    let now = 0
    const ledger = makePeerLedger(() => now)
    for (let i = 0; i < 10_000; i++) ledger.penalize('a', penalties.violation)
    now = 5 * 60_000
    assert.ok(ledger.getPenalty('a') < penaltyLimit)
  })

  it('remembers no more peers than its bound, those blamed longest ago going first', () => {
    const ledger = makePeerLedger(() => 0)
    for (let i = 0; i <= 4096; i++) ledger.penalize(`peer ${i}`, 1)
    assert.equal(ledger.getPenalty('peer 0'), 0)
    assert.equal(ledger.getPenalty('peer 1'), 1)
    assert.equal(ledger.getPenalty('peer 4096'), 1)
  })

  it("holds a peer for a member's two minutes after it brought a status of it first", () => {
    let now = 0
    const ledger = makePeerLedger(() => now)
    assert.equal(ledger.getMember('a'), undefined)
    ledger.credit('a', 0)
    assert.equal(ledger.getMember('a'), 0)
    now = 120_000
    assert.equal(ledger.getMember('a'), 0)
    now = 120_001
    assert.equal(ledger.getMember('a'), undefined)
  })

  it('takes a member from its peer only when another has been first for a while', () => {
    let now = 0
    const ledger = makePeerLedger(() => now)
    ledger.credit('own', 0)
    now = 20_000
    ledger.credit('relay', 0)
    assert.equal(ledger.getMember('own'), 0)
    assert.equal(ledger.getMember('relay'), undefined)
    now = 20_001
    ledger.credit('relay', 0)
    assert.equal(ledger.getMember('own'), undefined)
    assert.equal(ledger.getMember('relay'), 0)
  })

  it('lets a relay that brings many members count as one', () => {
    const ledger = makePeerLedger(() => 0)
    ledger.credit('relay', 0)
    ledger.credit('relay', 1)
    assert.equal(ledger.getMember('relay'), 0)
    ledger.credit('own', 1)
    assert.equal(ledger.getMember('own'), 1)
  })
})
