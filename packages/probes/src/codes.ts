import type {
  abstentions,
  aggregates,
  observationStatuses,
  outcomes,
  referenceKinds,
} from '@watchfire/attestation'

// The numbers of SPEC chapter 3. This package may import only types of attestation, so that a kind
// can be built without it; each table has the type of the one there, literal by literal, and does
// not compile when a name or number differs.

export const statusCodes: typeof observationStatuses = { reached: 1, failed: 2, abstained: 3 }

export const outcomeCodes: typeof outcomes = {
  refused: 1,
  timeout: 2,
  dns: 3,
  tls: 4,
  protocol: 5,
  'wrong-chain': 6,
  'too-large': 7,
  redirect: 8,
  status: 9,
  unreachable: 10,
  reset: 11,
  auth: 12,
  syncing: 13,
  certificate: 14,
  content: 15,
  stale: 16,
  reverted: 17,
}

export const abstentionCodes: typeof abstentions = {
  'forbidden-address': 1,
  'unsupported-kind': 2,
  'self-unhealthy': 3,
  overloaded: 4,
  clock: 5,
  internal: 6,
  'no-secret': 7,
  stopping: 8,
}

export const referenceCodes: typeof referenceKinds = { none: 0, height: 1, time: 2 }

export const aggregateCodes: typeof aggregates = { median: 1, corroborated: 2 }
