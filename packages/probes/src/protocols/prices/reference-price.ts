import type { Step } from '../../kind.ts'
import { done, failed, redetail, stopped } from '../../steps.ts'
import type { SourceParams } from './price-source.ts'
import { getRobustMedian, type RobustMedian } from '../../parts/robust-median.ts'

/** What sources come to. */
export type ReferencePrice = RobustMedian & {
  /** Sources that were read, but are too far from the others to count. */
  readonly outliers: number
}

interface ReferenceParams {
  readonly sources: readonly SourceParams[]
  readonly sourcesMin: number
  readonly outlierBpMax: number
}

/** The reference, or why there is none: too few sources could be read, or they disagree. */
export function getReference(
  { sources, sourcesMin, outlierBpMax }: ReferenceParams,
  steps: readonly Step<bigint>[],
): Step<ReferencePrice> {
  const read = steps.flatMap((step, index) => (step.ok ? [{ index, price: step.value }] : []))
  const result = getRobustMedian(
    read.map(({ price }) => price),
    outlierBpMax,
  )
  const kept = result?.kept.map((at) => read[at]?.index ?? 0) ?? []
  if (result !== undefined && kept.length >= sourcesMin) {
    return done({ ...result, kept, outliers: read.length - kept.length })
  }
  const stops = steps.flatMap((step, index) =>
    step.ok ? [] : [{ stop: step.stop, host: new URL(sources[index]?.url ?? '').host }],
  )
  const own = stops.filter(({ stop }) => stop.status === 'abstained')
  const count = `${kept.length} of ${sources.length} sources count`
  // With what this machine could not ask there might have been enough.
  const [first] =
    own.length > 0 && kept.length + own.length >= sourcesMin
      ? own
      : read.length >= sourcesMin
        ? []
        : stops.filter(({ stop }) => stop.status === 'failed')
  return stopped(
    first === undefined
      ? failed('content', `${count}: ${read.length} prices differ by more than ${outlierBpMax} bp`)
      : redetail(first.stop, `${count}: ${first.host}: ${first.stop.detail}`),
  )
}
