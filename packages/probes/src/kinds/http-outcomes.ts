import type { OutcomeName } from '@watchfire/attestation'
import type { Stop } from '../kind.ts'
import { failed } from '../steps.ts'

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

/** What an unhealthy status says. */
export function judgeStatus(status: number): Stop {
  return failed(status === 401 || status === 403 ? 'auth' : 'status', `status ${status}`)
}
