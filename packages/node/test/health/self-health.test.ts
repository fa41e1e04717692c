import assert from 'node:assert/strict'
import { makeSelfHealth, type SelfHealthOptions } from '../../src/health/self-health.ts'

const well: SelfHealthOptions = {
  othersTotal: 3,
  countHeard: () => 3,
  countPeers: () => 3,
  getClockOffsetMs: () => 5,
  clockMsMax: 2000,
  areCanariesOpen: () => undefined,
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

  it('is bad when no canary opens, and well when one does', () => {
    assert.equal(check({ areCanariesOpen: () => false }).healthy, false)
    assert.equal(check({ areCanariesOpen: () => true }).healthy, true)
  })

  it('abstains for its clock when that is off by more than the bound, either way', () => {
    for (const offsetMs of [-2001, 2001]) {
      const report = check({ getClockOffsetMs: () => offsetMs })
      assert.ok(!report.healthy)
      assert.equal(report.abstention, 'clock')
    }
    assert.equal(check({ getClockOffsetMs: () => 2000 }).healthy, true)
    assert.equal(check({ getClockOffsetMs: () => undefined }).healthy, true)
  })
})
