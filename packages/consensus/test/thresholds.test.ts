import { deepEqual } from 'node:assert/strict'
import { thresholdOps, toBits, verdicts } from '@watchfire/attestation'
import { compareThresholds } from '../src/thresholds.ts'
import { makePolicy } from './fixtures.ts'

const { above, below, lag } = thresholdOps

function makeBand(op: number, value: bigint, clear: bigint, signal = 0) {
  const severity = verdicts.degraded
  return { signal, op, value: toBits(value), clear: toBits(clear), severity }
}

/** Bits crossed and holding after one block with these values of signals 0, 1, …; undefined: left out. */
function compare(
  thresholds: readonly ReturnType<typeof makeBand>[],
  before: number,
  values: readonly (bigint | undefined)[],
  head?: bigint,
): readonly [crossed: number, holding: number] {
  const signals = values.flatMap((value, index) =>
    value === undefined ? [] : [{ index, weight: 4, value: toBits(value) }],
  )
  const policy = makePolicy({ thresholds: [...thresholds] })
  const { crossed, holding } = compareThresholds(policy, before, signals, () => head)
  return [crossed, holding]
}

describe('a threshold (SPEC 7.7)', () => {
  it('passes its bound, not at it, and once passed holds until it is back at clear', () => {
    const high = [makeBand(above, 5n, -2n)]
    const low = [makeBand(below, -5n, 2n)]
    for (const [thresholds, sign] of [
      [high, 1n],
      [low, -1n],
    ] as const) {
      deepEqual(compare(thresholds, 0, [5n * sign]), [0, 0])
      deepEqual(compare(thresholds, 0, [6n * sign]), [1, 1])
      deepEqual(compare(thresholds, 1, [-1n * sign]), [1, 1])
      deepEqual(compare(thresholds, 1, [-2n * sign]), [0, 0])
      deepEqual(compare(thresholds, 0, [-1n * sign]), [0, 0])
    }
  })

  it('without a band holds beyond its bound alone, and compares signed numbers', () => {
    const thresholds = [makeBand(above, -1n, -1n), makeBand(below, 1n << 62n, 1n << 62n)]
    deepEqual(compare(thresholds, 0b11, [-1n]), [0b10, 0b10])
    deepEqual(compare(thresholds, 0, [0n]), [0b11, 0b11])
    deepEqual(compare(thresholds, 0b11, [1n << 62n]), [0b01, 0b01])
  })

  it('measures a lag against the head, with the same band', () => {
    const thresholds = [makeBand(lag, 5n, 2n)]
    deepEqual(compare(thresholds, 0, [95n], 100n), [0, 0])
    deepEqual(compare(thresholds, 0, [94n], 100n), [1, 1])
    deepEqual(compare(thresholds, 1, [97n], 100n), [1, 1])
    deepEqual(compare(thresholds, 1, [98n], 100n), [0, 0])
  })

  it('remembers one whose signal or head is left out, and does not hold it', () => {
    const thresholds = [makeBand(above, 5n, 2n), makeBand(lag, 5n, 2n, 1)]
    deepEqual(compare(thresholds, 0b11, []), [0b11, 0])
    deepEqual(compare(thresholds, 0b10, [6n, 3n]), [0b11, 0b01])
    deepEqual(compare(thresholds, 0, [undefined, 3n]), [0, 0])
  })

  it('tells sixteen apart', () => {
    const thresholds = Array.from({ length: 16 }, (_, at) => makeBand(above, BigInt(at), -1n))
    deepEqual(compare(thresholds, 0, [15n]), [0x7fff, 0x7fff])
    deepEqual(compare(thresholds, 0x8000, [0n]), [0x8000, 0x8000])
  })
})
