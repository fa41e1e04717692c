import assert from 'node:assert/strict'
import {
  areTimesSafe,
  getRoundAt,
  getRoundStartMs,
  getValidUntilMs,
  limits,
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

  it('have times that doubles hold, or are told apart to the round (SPEC 9.2, 11)', () => {
    const isSafe = (round: bigint, of = parameters) => {
      const startMs = BigInt(of.originMs) + (round - BigInt(of.originRound)) * BigInt(of.roundMs)
      const untilMs = startMs + BigInt(2 * of.roundMs + of.proposeAtMs + of.viewTimeoutMs)
      return startMs >= 0n && untilMs < 2n ** 53n
    }
    const drawn = fc.record({
      originRound: fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: limits.originRoundMax })),
      originMs: fc.oneof(fc.nat(100_000), fc.integer({ min: 0, max: limits.originMsMax })),
      roundMs: fc.integer({ min: 200, max: 86_400_000 }),
    })
    fc.assert(
      fc.property(drawn, fc.maxSafeNat(), fc.integer({ min: -3, max: 3 }), (changes, any, near) => {
        const of = { ...parameters, ...changes, originRound: changes.originRound as Round }
        const first = of.originRound - Math.floor(of.originMs / of.roundMs)
        const last = of.originRound + Math.floor((2 ** 53 - of.originMs) / of.roundMs) - 3
        for (const round of [any, first + near, last + near]) {
          if (round < 0 || !Number.isSafeInteger(round)) continue
          assert.equal(areTimesSafe(of, round as Round), isSafe(BigInt(round), of), `${round}`)
        }
      }),
    )
  })

  it('say until when a certificate is valid (SPEC 9.5)', () => {
    // start(101 + 1) = 54,000; then a round, proposeAtMs and viewTimeoutMs.
    assert.equal(getValidUntilMs(parameters, 101 as Round), 54_000 + 2000 + 1300 + 500)
  })
})
