import assert from 'node:assert/strict'
import {
  getRoundAt,
  getRoundStartMs,
  getValidUntilMs,
  type Round,
  type UnixMs,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { makeContext } from './support/network-fixture.ts'

describe('rounds (SPEC 5)', () => {
  const parameters = { ...makeContext().parameters, originRound: 100 as Round, originMs: 50_000 }

  it('begin with the origin and change to the millisecond', () => {
    const expected: [number, number | undefined][] = [
      [0, undefined],
      [49_999, undefined],
      [50_000, 100],
      [51_999, 100],
      [52_000, 101],
    ]
    for (const [now, round] of expected) assert.equal(getRoundAt(parameters, now as UnixMs), round)
    assert.equal(getRoundStartMs(parameters, 101 as Round), 52_000)
  })

  it('hold every time from their start to the next start', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50_000, max: 2 ** 45 }), (now) => {
        const round = getRoundAt(parameters, now as UnixMs)
        assert.ok(round !== undefined)
        assert.ok(getRoundStartMs(parameters, round) <= now)
        assert.ok(now < getRoundStartMs(parameters, (round + 1) as Round))
      }),
    )
  })

  it('say until when a certificate is valid (SPEC 9.5)', () => {
    // start(101 + 1) = 54,000; then a round, proposeAtMs and viewTimeoutMs.
    assert.equal(getValidUntilMs(parameters, 101 as Round), 54_000 + 2000 + 1300 + 500)
  })
})
