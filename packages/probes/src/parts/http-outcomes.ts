import type { OutcomeName } from '@watchfire/attestation'

/** What may become of any exchange over HTTP. */
export const httpOutcomes: readonly OutcomeName[] = [
  'refused',
  'timeout',
  'dns',
  'tls',
  'certificate',
  'unreachable',
  'reset',
  'protocol',
  'too-large',
  'redirect',
  'status',
  'auth',
]
