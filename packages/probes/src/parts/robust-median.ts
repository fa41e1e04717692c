// The middle of what several sources say, without those that are far from it.

/** Hundredths of a basis point in a whole: the unit of shares here, 0.01 bp. */
const PARTS = 1_000_000n
const PARTS_PER_BP = 100n

/** What several prices come to. */
export interface RobustMedian {
  /** The median of those that count. */
  readonly median: bigint
  /** Places, ascending, of those that are not further from the median of all than the bound. */
  readonly kept: readonly number[]
  /** From the least to the greatest that counts, of the median, in 0.01 bp. */
  readonly spread: bigint
}

/**
 * Takes the median of all, leaves out what is further from it than the bound, and takes the median
 * of the rest. A minority of liars, whatever they say, moves it within the others' range.
 *
 * @param prices - above 0
 * @returns undefined where no more than half of them are near the median of all: they disagree
 */
export function getRobustMedian(
  prices: readonly bigint[],
  outlierBpMax: number,
): RobustMedian | undefined {
  if (prices.length === 0) return undefined
  const middle = getMedian(prices)
  const bound = BigInt(outlierBpMax) * PARTS_PER_BP
  const kept = [...prices.keys()].filter(
    (index) => getDistance(prices[index] ?? 0n, middle) <= bound,
  )
  if (kept.length * 2 <= prices.length) return undefined
  const values = toSorted(kept.map((index) => prices[index] ?? 0n))
  const median = getMedian(values)
  const width = (values.at(-1) ?? 0n) - (values[0] ?? 0n)
  return { median, kept, spread: (width * PARTS) / median }
}

/** How far a value is from another one above 0, as a share of that, in 0.01 bp, cut. */
export function getDistance(value: bigint, from: bigint): bigint {
  const difference = value - from
  return ((difference < 0n ? -difference : difference) * PARTS) / from
}

/** The middle value, or the mean, cut, of the two in the middle. */
function getMedian(values: readonly bigint[]): bigint {
  const sorted = toSorted(values)
  const upper = sorted[sorted.length >> 1] ?? 0n
  const lower = sorted[(sorted.length - 1) >> 1] ?? 0n
  return (lower + upper) / 2n
}

function toSorted(values: readonly bigint[]): bigint[] {
  return values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
