import assert from 'node:assert/strict'
import type { MemberIndex, SignedStatus, View } from '@watchfire/attestation'
import { startQuarantine } from '../../src/loop/quarantine.ts'
import { LoopHarness } from './loop-harness.ts'

interface Quarantined {
  readonly harness: LoopHarness
  readonly safe: { view: number; round: number }[]
  asked: number
}

function quarantine(): Quarantined {
  const harness = new LoopHarness(0, { isDoubtful: true })
  harness.begin()
  const found: Quarantined = { harness, safe: [], asked: 0 }
  startQuarantine(
    {
      context: harness.context,
      me: 0 as MemberIndex,
      members: harness.members,
      voteLog: harness.voteLog,
      clock: harness.clock,
      log: harness.log,
      getCore: () => harness.loop.status(),
      askHighest: () => {
        found.asked += 1
      },
      guard: (run) => run(),
      onSafe: (view, round) => void found.safe.push({ view, round }),
    },
    'the log is missing',
  )
  return found
}
function answer({ harness }: Quarantined, member: number, view: number, ageMs = 0): void {
  const nowMs = harness.clock.nowMs()
  const message = { member: member as MemberIndex, view: view as View, timeMs: nowMs - ageMs }
  harness.members.hearStatus({ message } as SignedStatus, 'p', nowMs)
}

describe('quarantine', () => {
  it('ends once members of a quorum less its own weight have answered, above what may be signed', () => {
    const found = quarantine()
    found.harness.advance(600)
    answer(found, 1, 1)
    found.harness.advance(600)
    assert.deepEqual(found.safe, [])
    answer(found, 2, 1)
    found.harness.advance(600)
    // In view 1, and in round 1 of the clock: three views and two rounds above.
    assert.deepEqual(found.safe, [{ view: 4, round: 3 }])
    assert.deepEqual(found.harness.voteLog.floor, { epoch: 0, view: 4, round: 3 })
    assert.ok(found.asked >= 3)
    found.harness.advance(5000)
    assert.equal(found.safe.length, 1)
  })

  it('does not count a record from before it began, as a replay would be', () => {
    const found = quarantine()
    found.harness.advance(600)
    for (const member of [1, 2, 3]) answer(found, member, 1, 10_000)
    found.harness.advance(5000)
    assert.deepEqual(found.safe, [])
  })

  it('does not count a member that claims a view for which no certificate is held', () => {
    const found = quarantine()
    found.harness.advance(600)
    answer(found, 1, 1)
    answer(found, 2, 1_000_000)
    found.harness.advance(5000)
    assert.deepEqual(found.safe, [])
    answer(found, 3, 1)
    found.harness.advance(600)
    assert.equal(found.safe.length, 1)
  })
})
