import assert from 'node:assert/strict'
import { describeStall } from '../../src/devnet/stall-watch.ts'

describe('describeStall', () => {
  it('says since when nothing is agreed on, who answers, and how many must', () => {
    const report = { answering: ['m1', 'm2'], silent: ['m3', 'm4'] }
    assert.equal(
      describeStall(41, report, 3),
      'no agreement since round 41: 2 of 4 monitors answer, 3 are needed; not: m3, m4',
    )
  })

  it('says so before the first round, and blames nobody where all answer', () => {
    const report = { answering: ['m1', 'm2', 'm3', 'm4'], silent: [] }
    assert.equal(
      describeStall(undefined, report, 3),
      'no agreement yet: 4 of 4 monitors answer, enough to agree',
    )
  })
})
