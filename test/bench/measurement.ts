/** What one run of a benchmark found: one line of `npm run bench`. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The limit or the peer that `value` is held against, in words. */
  readonly against: string
  /** That limit or peer in `unit`. */
  readonly againstValue: number
  /** `value / againstValue`; where both were measured in pairs, the median of the pairs' ratios. */
  readonly ratio: number
  /** The least and the greatest ratio of a pair, or of whatever was repeated. */
  readonly ratioMin: number
  readonly ratioMax: number
  /** Repetitions behind the median. */
  readonly samples: number
  /** What the ratio must be, where something is demanded of it. */
  readonly aim?: Aim
  /** Whether it is; absent where nothing is demanded. */
  readonly met?: boolean
}

/** A bound on the ratio. */
export type Aim =
  | { readonly atLeast: number; readonly atMost?: never }
  | { readonly atMost: number; readonly atLeast?: never }

/** Says on stderr what is being done: stdout is for measurements alone. */
export type Say = (text: string) => void

/** One benchmark: its names are those of the measurements it gives, so that `--only` can choose. */
export interface Benchmark {
  readonly names: readonly string[]
  /** Whether it starts processes of the built packages. */
  readonly needsBuild?: boolean
  run(say: Say): Promise<readonly Measurement[]> | readonly Measurement[]
}

/** A measurement before its ratio is compared with the aim. */
export type Finding = Omit<Measurement, 'met'>

/** Compares the ratio with the aim, and rounds to what can be told from noise. */
export function makeMeasurement(finding: Finding): Measurement {
  const { aim, ratio } = finding
  const rounded = {
    ...finding,
    value: round(finding.value),
    againstValue: round(finding.againstValue),
    ratio: round(ratio),
    ratioMin: round(finding.ratioMin),
    ratioMax: round(finding.ratioMax),
  }
  if (aim === undefined) return rounded
  const met = aim.atLeast === undefined ? ratio <= aim.atMost : ratio >= aim.atLeast
  return { ...rounded, met }
}

/** Four significant digits; more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(4))
}

/** The value in the middle; of an even count the mean of the two. */
export function getMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new RangeError('no values')
  return (low + high) / 2
}
