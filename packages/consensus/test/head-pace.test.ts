import { deepEqual, equal } from 'node:assert/strict'
import { fromText, type HeadPace, type Round, toSigned } from '@watchfire/attestation'
import { getBehindMs, isLate, moveMarks } from '../src/head-pace.ts'

const plan = { name: fromText('head'), text: 'head', unit: 'blocks', scale: 0, sources: [] }
const ROUND_MS = 2000

/** A head after rounds in which it was agreed on with values, from nothing. */
function follow(seen: readonly (readonly [round: number, value: bigint])[], scale = 0): HeadPace {
  let pace: HeadPace | undefined
  for (const [round, value] of seen)
    pace = moveMarks({ ...plan, scale }, pace, round as Round, value, ROUND_MS)
  if (pace === undefined) throw new Error('nothing was followed')
  return pace
}
const marks = ({ older, newer, last }: HeadPace) =>
  [older, newer, last].map(({ round, value }) => [round, toSigned(value)])

describe('the pace of a head (SPEC 7.11)', () => {
  it('is unknown with one value, and is the mean time of a unit between two', () => {
    equal(follow([[5, 100n]]).intervalUs, 0)
    equal(
      follow([
        [5, 100n],
        [8, 104n],
      ]).intervalUs,
      1_500_000,
    )
  })

  it('is measured to the last rise: what passes without one does not count', () => {
    const risen = follow([
      [5, 100n],
      [8, 104n],
    ])
    equal(moveMarks(plan, risen, 80 as Round, 104n, ROUND_MS), risen)
    equal(moveMarks(plan, risen, 80 as Round, 101n, ROUND_MS), risen)
  })

  it('moves its marks only after 16 rounds and 8 units, both of them', () => {
    const start = [1, 0n] as const
    deepEqual(marks(follow([start, [17, 7n]])), [
      [1, 0n],
      [1, 0n],
      [17, 7n],
    ])
    deepEqual(marks(follow([start, [16, 900n]])), [
      [1, 0n],
      [1, 0n],
      [16, 900n],
    ])
    deepEqual(marks(follow([start, [17, 8n], [33, 16n]])), [
      [17, 8n],
      [33, 16n],
      [33, 16n],
    ])
    deepEqual(marks(follow([start, [17, 8n]], 1))[1], [1, 0n])
  })

  it('begins anew below its older mark', () => {
    deepEqual(
      marks(
        follow([
          [1, 10n],
          [3, 12n],
          [4, 9n],
        ]),
      ),
      [
        [4, 9n],
        [4, 9n],
        [4, 9n],
      ],
    )
  })

  it('stays within safe integers, whatever the values', () => {
    const ends = [-(2n ** 63n), 2n ** 63n - 1n] as const
    equal(
      follow([
        [1, ends[0]],
        [2, ends[1]],
      ]).intervalUs,
      0,
    )
    const slow = follow(
      [
        [0, 0n],
        [2 ** 40, 1n],
      ],
      18,
    )
    equal(slow.intervalUs, Number.MAX_SAFE_INTEGER)
    equal(getBehindMs(ends[1], ends[0], 0, Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
  })

  it('makes a head late after more than 16 rounds and ten intervals, both of them', () => {
    const fast = follow([
      [1, 0n],
      [2, 100n],
    ])
    deepEqual(
      [18, 19].map((round) => isLate(fast, round as Round, ROUND_MS)),
      [false, true],
    )
    const slow = follow([
      [1, 0n],
      [4, 1n],
    ])
    deepEqual(
      [34, 35].map((round) => isLate(slow, round as Round, ROUND_MS)),
      [false, true],
    )
  })
})
