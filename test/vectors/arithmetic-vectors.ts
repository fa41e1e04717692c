import type { VectorFile } from './vector-values.ts'

/** W, Q, f, worked out by hand from SPEC 1. */
const QUORUMS: readonly [weightTotal: number, quorum: number, faulty: number][] = [
  [1, 1, 0],
  [2, 2, 0],
  [3, 3, 0],
  [4, 3, 1],
  [5, 4, 1],
  [6, 5, 1],
  [7, 5, 2],
  [9, 7, 2],
  [10, 7, 3],
  [100, 67, 33],
  [1_099_511_627_776, 733_007_751_851, 366_503_875_925],
]

const PARAMETERS = {
  originRound: 100,
  originMs: 50_000,
  roundMs: 2000,
  proposeAtMs: 1300,
  viewTimeoutMs: 500,
}

/** A time, the round it lies in, that round's start, and until when its certificate is valid. */
const ROUNDS: readonly [nowMs: number, round: number, startMs: number, validUntilMs: number][] = [
  [50_000, 100, 50_000, 55_800],
  [51_999, 100, 50_000, 55_800],
  [52_000, 101, 52_000, 57_800],
  [1_050_000, 600, 1_050_000, 1_055_800],
]

/** Quorums and rounds (SPEC 1, 5, 9.5). */
export const arithmeticVectors: VectorFile = {
  name: 'arithmetic',
  make: () => ({
    quorums: QUORUMS.map(([weightTotal, quorum, faulty]) => ({ weightTotal, quorum, faulty })),
    rounds: {
      parameters: PARAMETERS,
      cases: ROUNDS.map(([nowMs, round, startMs, validUntilMs]) => ({
        nowMs,
        round,
        startMs,
        validUntilMs,
      })),
      noRoundAt: [0, 49_999],
    },
  }),
}
