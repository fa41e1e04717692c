import { deepEqual, equal } from 'node:assert/strict'
import { type Round, reasonKinds, verdicts } from '@watchfire/attestation'
import {
  getRawVerdict,
  isMoreThanTwice,
  isShareAtLeast,
  type Measured,
  type RawVerdict,
  type Settled,
  settleVerdict,
} from '../src/verdict.ts'
import { makePolicy } from './fixtures.ts'

const { up, degraded, disputed, down, unknown } = verdicts

function measure(measured: Partial<Measured> = {}): Measured {
  return {
    reached: 100,
    failed: 0,
    outcome: 0,
    astray: false,
    holding: 0,
    failing: { regions: 0, networks: 0, operators: 0 },
    ...measured,
  }
}

function rawOf(measured: Partial<Measured>, policy = makePolicy(), faulty = 0): RawVerdict {
  return getRawVerdict(policy, measure(measured), faulty)
}

describe('the raw verdict', () => {
  it('is unknown until the observing weight exceeds twice what may lie', () => {
    equal(rawOf({ reached: 1, failed: 1 }, makePolicy(), 1).verdict, unknown)
    equal(rawOf({ reached: 3, failed: 0 }, makePolicy(), 1).verdict, up)
    equal(rawOf({ reached: 0, failed: 0 }, makePolicy(), 0).verdict, unknown)
    equal(rawOf({ reached: 1, failed: 0 }, makePolicy(), 0).verdict, up)
  })

  it('is down exactly from the share of failing that the policy says', () => {
    const policy = makePolicy({ failedMin: 667, reachedMin: 501 })
    equal(rawOf({ reached: 333, failed: 667, outcome: 2 }, policy).verdict, down)
    equal(rawOf({ reached: 334, failed: 666 }, policy).verdict, disputed)
    deepEqual(rawOf({ reached: 0, failed: 10, outcome: 2 }, policy), {
      verdict: down,
      reasonKind: reasonKinds.outcome,
      reasonCode: 2,
    })
  })

  it('is disputed exactly below the share of reaching that the policy says', () => {
    const policy = makePolicy({ reachedMin: 750 })
    equal(rawOf({ reached: 750, failed: 250 }, policy).verdict, up)
    deepEqual(rawOf({ reached: 749, failed: 251 }, policy), {
      verdict: disputed,
      reasonKind: reasonKinds.share,
      reasonCode: 0,
    })
  })

  it('is disputed instead of down unless regions, networks and operators are as many as asked', () => {
    const failing = { regions: 2, networks: 2, operators: 2 }
    for (const label of ['regionsMin', 'networksMin', 'operatorsMin'] as const) {
      const met = makePolicy({ [label]: 2 })
      equal(rawOf({ reached: 0, failed: 4, failing }, met).verdict, down)
      const missed = makePolicy({ [label]: 3 })
      deepEqual(rawOf({ reached: 0, failed: 4, failing }, missed), {
        verdict: disputed,
        reasonKind: reasonKinds.vantage,
        reasonCode: 0,
      })
    }
  })

  it('takes the gravest threshold that holds, and the first of equals', () => {
    const threshold = (severity: number) => ({ signal: 0, op: 1, value: 0n, clear: 0n, severity })
    const policy = makePolicy({ thresholds: [2, 4, 4, 4].map(threshold) })
    deepEqual(rawOf({ holding: 0b1111 }, policy), {
      verdict: down,
      reasonKind: reasonKinds.threshold,
      reasonCode: 1,
    })
    equal(rawOf({ holding: 0b0001 }, policy).verdict, degraded)
    equal(rawOf({ holding: 0b1100 }, policy).reasonCode, 2)
    equal(rawOf({ holding: 0 }, policy).verdict, up)
  })

  it('compares weights beyond 2^53 / 1000 exactly', () => {
    const whole = Number.MAX_SAFE_INTEGER
    const half = (whole - 1) / 2
    equal(isMoreThanTwice(whole, half), true)
    equal(isMoreThanTwice(whole - 1, half), false)
    equal(isShareAtLeast(whole - 1, whole, 1000), false)
    equal(isShareAtLeast(whole, whole, 1000), true)
  })
})

describe('hysteresis', () => {
  const policy = makePolicy({ fallRounds: 3, riseRounds: 2 })
  const start: Settled = {
    verdict: 0,
    settled: 0,
    since: 0 as Round,
    streak: 0,
    streakCount: 0,
    reasonKind: 0,
    reasonCode: 0,
  }

  /** Feeds raw verdicts in consecutive rounds from 1 and gives the verdict after each. */
  function run(raws: readonly number[], from: Settled = start): { seen: number[]; end: Settled } {
    let current = from
    const seen = raws.map((verdict, index) => {
      const raw = { verdict, reasonKind: verdict === up ? 0 : 1, reasonCode: index }
      const round = (index + 1) as Round
      current = settleVerdict(current, raw, policy, {
        round,
        parentRound: index as Round,
        gapMax: 30,
      })
      return current.verdict
    })
    return { seen, end: current }
  }

  const table: readonly [sentence: string, raws: readonly number[], verdicts: readonly number[]][] =
    [
      ['takes the first agreed result as it is', [down], [down]],
      [
        'takes the first known result after unknown as it is',
        [unknown, degraded],
        [unknown, degraded],
      ],
      ['falls after three worse rounds', [up, down, down, down], [up, up, up, down]],
      [
        'does not fall when one round in between was as settled',
        [up, down, down, up, down, down],
        [up, up, up, up, up, up],
      ],
      ['falls to the milder of a streak', [up, down, degraded, down], [up, up, up, degraded]],
      ['rises after two better rounds', [down, up, up], [down, down, up]],
      ['rises to the graver of a streak', [down, up, degraded], [down, down, degraded]],
      [
        'starts a new streak when the side changes',
        [degraded, down, down, up, down, down],
        [degraded, degraded, degraded, degraded, degraded, degraded],
      ],
      [
        'holds a streak through unknown',
        [up, down, down, unknown, down],
        [up, up, up, unknown, down],
      ],
      ['returns from unknown to what was settled', [up, unknown, up], [up, unknown, up]],
      [
        'shows the settled verdict when a streak goes on after unknown',
        [up, unknown, down],
        [up, unknown, up],
      ],
    ]
  for (const [sentence, raws, expected] of table) {
    it(sentence, () => {
      deepEqual(run(raws).seen, expected)
    })
  }

  it('settles at once where the policy says one round', () => {
    const quick = makePolicy({ fallRounds: 1, riseRounds: 1 })
    const settled: Settled = { ...start, verdict: up, settled: up }
    const raw = { verdict: down, reasonKind: 1, reasonCode: 2 }
    const rounds = { round: 7 as Round, parentRound: 6 as Round, gapMax: 30 }
    const fallen = settleVerdict(settled, raw, quick, rounds)
    deepEqual(fallen, {
      ...start,
      verdict: down,
      settled: down,
      since: 7,
      reasonKind: 1,
      reasonCode: 2,
    })
  })

  it('clears a streak after a gap above the bound, and not at it', () => {
    const { end } = run([up, down, down])
    const raw = { verdict: down, reasonKind: 1, reasonCode: 1 }
    const after = (gap: number) =>
      settleVerdict(end, raw, policy, {
        round: (3 + gap) as Round,
        parentRound: 3 as Round,
        gapMax: 30,
      })
    equal(after(30).verdict, down)
    equal(after(31).verdict, up)
    equal(after(31).streakCount, 1)
  })

  it('keeps `since` while the verdict stays and moves it when it changes', () => {
    equal(run([up, up, up]).end.since, 1)
    equal(run([up, down, down, down, down]).end.since, 4)
    equal(run([up, unknown, unknown]).end.since, 2)
  })

  it('gives the raw reason when it decided, and keeps the old one while the verdict stays', () => {
    const { end } = run([down, down])
    equal(end.reasonCode, 1)
    // A better round that does not yet count leaves verdict and reason alone.
    const better = settleVerdict(end, { verdict: up, reasonKind: 0, reasonCode: 0 }, policy, {
      round: 3 as Round,
      parentRound: 2 as Round,
      gapMax: 30,
    })
    deepEqual([better.verdict, better.reasonKind, better.reasonCode], [down, 1, 1])
  })

  it('gives the raw reason when a streak settles on something other than the raw verdict', () => {
    const { end } = run([up, down, degraded, down])
    deepEqual([end.verdict, end.reasonCode], [degraded, 3])
  })
})
