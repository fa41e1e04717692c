import assert from 'node:assert/strict'
import { fromText, type MemberIndex, type SignedStatus, type UnixMs } from '@watchfire/attestation'
import { makeNodeStatus, watchStatus } from '../../src/health/node-status.ts'
import { makeTestLog } from '../fixtures.ts'
import { LoopHarness } from '../loop/loop-harness.ts'

function makeStatusOf(harness: LoopHarness): ReturnType<typeof makeNodeStatus> {
  return makeNodeStatus({
    context: harness.context,
    networkName: fromText('test'),
    version: '1.2.3',
    monitor: harness.context.memberIds[0],
    startedAtMs: 0 as UnixMs,
    clock: harness.clock,
    network: harness.network,
    members: harness.members,
    getCore: () => harness.loop.status(),
    checkHealth: () => ({ healthy: true }),
    getHearingMs: () => harness.clock.monotonicMs(),
  })
}
function tellTime(harness: LoopHarness, offsetMs: number): void {
  const nowMs = harness.clock.nowMs()
  for (const member of [1, 2, 3] as MemberIndex[]) {
    const signed = { message: { member, timeMs: nowMs + offsetMs } } as SignedStatus
    harness.members.hearStatus(signed, 'p', nowMs)
  }
}

describe('node status', () => {
  it('says in one line by how much the clock is behind or ahead, and nothing within the bound', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const getStatus = makeStatusOf(harness)
    assert.equal(getStatus().clockNotice, undefined)
    tellTime(harness, 1200)
    assert.match(getStatus().clockNotice ?? '', /^this machine's clock is 1\.2 s behind the comm/)
    tellTime(harness, -1200)
    assert.match(getStatus().clockNotice ?? '', /^this machine's clock is 1\.2 s ahead of the comm/)
    tellTime(harness, 400)
    assert.equal(getStatus().clockNotice, undefined)
  })

  it('is not ready before the first certificate, and says why', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const status = makeStatusOf(harness)()
    assert.equal(status.ready, false)
    assert.match(status.notReady.join(), /^starting: .*no-agreement: 1 of 4 monitors heard/)
    assert.deepEqual(status.heard.silent, ['m2', 'm3', 'm4'])
  })

  it('tells the log of each change once', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const log = makeTestLog()
    const end = watchStatus(makeStatusOf(harness), harness.clock, log)
    harness.advance(3000)
    tellTime(harness, 1200)
    harness.advance(3000)
    end()
    tellTime(harness, 0)
    harness.advance(3000)
    assert.deepEqual(
      log.lines.map(({ level, message }) => `${level} ${message.slice(0, 24)}`),
      ['warn no agreement: 1 of 4 mon', "warn this machine's clock is "],
    )
  })
})
