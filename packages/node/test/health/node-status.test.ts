import assert from 'node:assert/strict'
import { fromText, type MemberIndex, type SignedStatus, type UnixMs } from '@watchfire/attestation'
import {
  getClockNoticeMs,
  makeNodeStatus,
  type NodeStatusParts,
  watchStatus,
} from '../../src/health/node-status.ts'
import { makeTestLog } from '../fixtures.ts'
import { LoopHarness } from '../loop/loop-harness.ts'

function makeStatusOf(
  harness: LoopHarness,
  parts: Partial<NodeStatusParts> = {},
): ReturnType<typeof makeNodeStatus> {
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
    getCanaries: () => undefined,
    getTimeServerOffset: () => undefined,
    ...parts,
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

  it('speaks of a clock from a quarter of a round or of the longest timer on, and half a second (SPEC 6.2)', () => {
    const { context } = new LoopHarness(0)
    const getNoticeMs = (roundMs: number, viewTimeoutMsMax: number) =>
      getClockNoticeMs({
        ...context,
        parameters: { ...context.parameters, roundMs, viewTimeoutMsMax },
      })
    assert.equal(getNoticeMs(6000, 8000), 1500)
    // Timers set by hand, far below what a round of a minute has by default.
    assert.equal(getNoticeMs(60_000, 8000), 2000)
    assert.equal(getNoticeMs(1000, 8000), 500)
    assert.equal(getNoticeMs(60_000, 800), 500)
  })

  it('says so of the time servers only where the clock is off for certain, and abstains for neither', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const getNotice = (offsetMs: number, errorMs: number) => {
      const status = makeStatusOf(harness, { getTimeServerOffset: () => ({ offsetMs, errorMs }) })()
      assert.deepEqual(status.timeServer, { offsetMs, errorMs })
      assert.equal(status.selfHealth.healthy, true)
      return status.clockNotice
    }
    assert.match(
      getNotice(-9000, 5) ?? '',
      /^this machine's clock is 9\.0 s behind the time servers'/,
    )
    assert.match(getNotice(600, 50) ?? '', /0\.6 s ahead of the time servers'/)
    assert.equal(getNotice(600, 150), undefined)
    assert.equal(getNotice(-450, 5), undefined)
  })

  it('says which control failed, how many canaries, and which of them to the log alone', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    let failed: readonly string[] = []
    const getStatus = makeStatusOf(harness, {
      getCanaries: () => ({ total: 2, failed, isTooMany: failed.length > 1 }),
      checkHealth: () =>
        failed.length > 1
          ? { healthy: false, abstention: 'self-unhealthy', cause: 'canaries', reason: '2 of 2' }
          : { healthy: true },
    })
    const log = makeTestLog()
    const end = watchStatus(getStatus, harness.clock, log, () => failed)
    for (const now of [['gateway:1'], ['gateway:1', 'resolver:2'], []]) {
      failed = now
      harness.advance(2000)
      if (now.length < 2) continue
      const status = getStatus()
      assert.deepEqual(status.selfHealth, {
        healthy: false,
        cause: 'canaries',
        reason: '2 of 2',
        canaries: { total: 2, failed: 2 },
      })
      assert.ok(status.notReady.includes('unwell: 2 of 2'))
      assert.ok(!JSON.stringify(status).includes('gateway'))
    }
    end()
    assert.deepEqual(
      log.lines.map(({ message }) => message).filter((message) => !message.startsWith('no agree')),
      [
        'canaries that do not answer: gateway:1',
        'unwell: 2 of 2',
        'canaries that do not answer: gateway:1, resolver:2',
        'well again',
        'canaries that do not answer: none any more',
      ],
    )
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
