import assert from 'node:assert/strict'
import { encode, type MemberIndex, signedStatusType } from '@watchfire/attestation'
import { dropCounter, messageCounter } from '../../src/network/drops.ts'
import { getGossipRate, makeInbox } from '../../src/network/inbox.ts'
import { makePeerLedger } from '../../src/network/peer-ledger.ts'
import type { InboundMessage } from '../../src/ports.ts'
import { makeCounters, makeManualClock, silent } from './harness.ts'

const make = () => {
  const clock = makeManualClock()
  const counters = makeCounters()
  const ledger = makePeerLedger(() => clock.monotonicMs())
  const inbox = makeInbox({ membersCount: 4, shards: 1, ledger, clock, counters, log: silent })
  return { clock, counters, ledger, inbox }
}
const message = (fields: Partial<InboundMessage> = {}): InboundMessage => ({
  topic: 'vote',
  shard: undefined,
  bytes: Uint8Array.of(1),
  from: 'peer',
  via: 'gossip',
  ...fields,
})

describe('the inbox', () => {
  it('ignores and counts what comes before it has a handler', () => {
    const { inbox, counters } = make()
    assert.equal(inbox.deliver(message()), 'ignore')
    assert.equal(counters.get(dropCounter, 'no-handler'), 1)
  })

  it('rejects what is above the bound of its topic before the handler sees it, and nothing at the bound', () => {
    const { inbox, counters } = make()
    let seen = 0
    inbox.setHandler(() => {
      seen++
      return 'accept'
    })
    assert.equal(inbox.deliver(message({ bytes: new Uint8Array(257) })), 'reject')
    assert.equal(seen, 0)
    assert.equal(counters.get(dropCounter, 'oversized'), 1)
    assert.equal(inbox.deliver(message({ bytes: new Uint8Array(256) })), 'accept')
    assert.equal(seen, 1)
  })

  it("turns an exception of the handler into ignore, counted, at nobody's cost", () => {
    const { inbox, counters, ledger } = make()
    inbox.setHandler(() => {
      throw new Error('a bug')
    })
    assert.equal(inbox.deliver(message()), 'ignore')
    assert.equal(counters.get(dropCounter, 'handler-error'), 1)
    assert.equal(counters.get(messageCounter, 'vote-ignore'), 1)
    assert.equal(ledger.getPenalty('peer'), 0)
  })

  it("hands on no more of one peer's gossip than a whole committee may say, and charges the rest to it", () => {
    const { inbox, counters, ledger } = make()
    let seen = 0
    inbox.setHandler(() => {
      seen++
      return 'ignore'
    })
    const { burst } = getGossipRate(4, 1)
    for (let i = 0; i < burst * 2; i++) inbox.deliver(message({ bytes: new Uint8Array(0) }))
    assert.equal(seen, burst)
    assert.equal(counters.get(dropCounter, 'rate-limited'), burst)
    assert.ok(ledger.getPenalty('peer') > 80)
    inbox.deliver(message({ from: 'other' }))
    assert.equal(seen, burst + 1)
  })

  it('credits the peer that brought an admitted status, and none for one that was not', () => {
    const { inbox, ledger } = make()
    let acceptance: 'accept' | 'ignore' = 'ignore'
    inbox.setHandler(() => acceptance)
    const status = signedStatusType.defaultValue()
    status.message.member = 3 as MemberIndex
    const heard = message({ topic: 'status', bytes: encode(signedStatusType, status) })
    inbox.deliver(heard)
    assert.equal(ledger.getMember('peer'), undefined)
    acceptance = 'accept'
    inbox.deliver(heard)
    assert.equal(ledger.getMember('peer'), 3)
  })

  it('knows when a topic was last heard', () => {
    const { inbox, clock } = make()
    assert.equal(inbox.getLastHeardMs('vote'), undefined)
    clock.advance(5000)
    inbox.deliver(message())
    assert.equal(inbox.getLastHeardMs('vote'), clock.monotonicMs())
    assert.equal(inbox.getLastHeardMs('status'), undefined)
  })
})
