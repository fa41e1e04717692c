import assert from 'node:assert/strict'
import { makeSelfHealth, type SelfHealthOptions } from '../../src/health/self-health.ts'

const well: SelfHealthOptions = {
  othersTotal: 3,
  countHeard: () => 3,
  countPeers: () => 3,
  getClockOffsetMs: () => 5,
  clockMsMax: 2000,
  getCanaries: () => undefined,
  getUptimeMs: () => 60_000,
  graceMs: 10_000,
}
const check = (
  change: Partial<SelfHealthOptions> = {},
): ReturnType<ReturnType<typeof makeSelfHealth>> => makeSelfHealth({ ...well, ...change })()

describe('self-health', () => {
  it('is well with peers, a clock that agrees and no canaries', () => {
    assert.deepEqual(check(), { healthy: true })
  })

  it('is bad for a monitor that hears nobody and is connected to nobody, after it had time to', () => {
    const alone = { countHeard: () => 0, countPeers: () => 0 }
    assert.equal(check(alone).healthy, false)
    assert.equal(check({ ...alone, getUptimeMs: () => 9000 }).healthy, true)
    assert.equal(check({ ...alone, countPeers: () => 1 }).healthy, true)
    assert.equal(check({ ...alone, othersTotal: 0 }).healthy, true)
  })

  it('is bad while too many canaries do not answer, and says how many', () => {
    const failed = ['a:1', 'b:2']
    const report = check({ getCanaries: () => ({ total: 3, failed, isTooMany: true }) })
    assert.ok(!report.healthy)
    assert.equal(report.abstention, 'self-unhealthy')
    assert.equal(report.cause, 'canaries')
    // Which they are is the operator's own: status is served.
    assert.equal(report.reason, '2 of 3 canaries did not answer: this machine may be cut off')
    const few = { total: 3, failed: ['a:1'], isTooMany: false }
    assert.equal(check({ getCanaries: () => few }).healthy, true)
  })

  it('abstains for its clock when that is off by more than the bound, either way', () => {
    for (const offsetMs of [-2001, 2001]) {
      const report = check({ getClockOffsetMs: () => offsetMs })
      assert.ok(!report.healthy)
      assert.equal(report.abstention, 'clock')
      assert.equal(report.cause, 'clock')
    }
    assert.equal(check({ getClockOffsetMs: () => 2000 }).healthy, true)
    assert.equal(check({ getClockOffsetMs: () => undefined }).healthy, true)
  })
})
