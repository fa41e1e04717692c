import { getMedian, type Measurement, makeMeasurement } from './measurement.ts'

/** What somebody waits for, and what it is held against. */
export interface Turns {
  readonly name: string
  /** How long it took, in milliseconds on the wall. */
  subject(): Promise<number>
  /** The peer, in words. */
  readonly against: string
  peer(): Promise<number>
  /** Repetitions, after one of each that fills the caches of compiled code. */
  readonly times: number
}

/** Lets two things take turns, so that whatever slows the machine slows both. */
export async function measureInTurns(turns: Turns): Promise<Measurement> {
  const { name, against, times } = turns
  await turns.subject()
  await turns.peer()
  const subjectMs: number[] = []
  const peerMs: number[] = []
  for (let i = 0; i < times; i++) {
    subjectMs.push(await turns.subject())
    peerMs.push(await turns.peer())
  }
  const ratios = subjectMs.map((ms, index) => ms / (peerMs[index] ?? Number.NaN))
  return makeMeasurement({
    name,
    value: getMedian(subjectMs),
    unit: 'ms on the wall, median',
    against,
    againstValue: getMedian(peerMs),
    ratio: getMedian(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    samples: times,
  })
}
