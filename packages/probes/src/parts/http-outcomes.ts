import type { OutcomeName } from '@watchfire/attestation'
import { connectionOutcomes } from './connection-outcomes.ts'

/** What may become of any exchange over HTTP. */
export const httpOutcomes: readonly OutcomeName[] = [
  ...connectionOutcomes,
  'protocol',
  'too-large',
  'redirect',
  'status',
  'auth',
]
