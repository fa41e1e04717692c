import { getMedian, type Measurement } from './measurement.ts'

/** One of two things that are compared: a batch of work, long enough to be timed. */
export interface Side {
  /** How many operations a batch has. */
  readonly operations: number
  /** @param batch counts from 0, so that each may use other data */
  run(batch: number): void
}

/** The part of a measurement that a comparison gives. */
export type Comparison = Pick<
  Measurement,
  'value' | 'againstValue' | 'ratio' | 'ratioMin' | 'ratioMax' | 'samples'
>

export interface PairedOptions {
  readonly pairs?: number
  readonly warmUpPairs?: number
}

/**
 * Times two things against each other in one run: batches take turns, and who begins takes turns
 * too, so that whatever slows the machine slows both. Counted is the processor time of this
 * process, user and system: what else runs on the machine does not count.
 *
 * @returns operations per second of one core, the median of all batches, and the median of the
 *   ratios of batches that ran one right after the other
 */
export function compare(
  subject: Side,
  peer: Side,
  { pairs = 30, warmUpPairs = 6 }: PairedOptions = {},
): Comparison {
  const subjectRates: number[] = []
  const peerRates: number[] = []
  for (let batch = 0; batch < warmUpPairs + pairs; batch++) {
    let subjectRate: number
    let peerRate: number
    if (batch % 2 === 0) {
      subjectRate = timeBatch(subject, batch)
      peerRate = timeBatch(peer, batch)
    } else {
      peerRate = timeBatch(peer, batch)
      subjectRate = timeBatch(subject, batch)
    }
    if (batch < warmUpPairs) continue
    subjectRates.push(subjectRate)
    peerRates.push(peerRate)
  }
  const ratios = subjectRates.map((rate, index) => rate / (peerRates[index] ?? Number.NaN))
  return {
    value: getMedian(subjectRates),
    againstValue: getMedian(peerRates),
    ratio: getMedian(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    samples: pairs,
  }
}

/** Operations per second of processor time. */
function timeBatch(side: Side, batch: number): number {
  const before = process.cpuUsage()
  side.run(batch)
  const { user, system } = process.cpuUsage(before)
  return (side.operations * 1e6) / (user + system)
}
