import type { OutcomeName } from '@watchfire/attestation'

/** What may become of any connection, before a word of the protocol that it is for. */
export const connectionOutcomes: readonly OutcomeName[] = [
  'refused',
  'timeout',
  'dns',
  'tls',
  'certificate',
  'unreachable',
  'reset',
]
