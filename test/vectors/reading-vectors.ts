import { committeeType, parametersType, stateType } from '@watchfire/attestation'
import { describeReadings, listReadingCases, readingContext } from './reading-cases.ts'
import { hexOf, type VectorFile } from './vector-values.ts'

/** Certified states, and what readers make of them (SPEC 12.1, 12.2). */
export const readingVectors: VectorFile = {
  name: 'readings',
  make: () => ({
    committee: hexOf(committeeType, readingContext.committee),
    parameters: hexOf(parametersType, readingContext.parameters),
    cases: listReadingCases().map(({ name, state }) => ({
      name,
      state: hexOf(stateType, state),
      readings: describeReadings(state),
    })),
  }),
}
