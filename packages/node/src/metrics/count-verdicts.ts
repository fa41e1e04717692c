import type { Verify } from '@watchfire/attestation'
import type { Counters } from '../ports.ts'

/**
 * Counts what a verifier says. That the fast one refuses means nothing by itself: ZIP-215 decides
 * then (SPEC 2.3).
 */
export function countVerdicts(verify: Verify, path: 'fast' | 'slow', counters: Counters): Verify {
  return (signature, message, publicKey) => {
    const isValid = verify(signature, message, publicKey)
    counters.add('signatures', `${path}/${isValid ? 'valid' : 'refused'}`)
    return isValid
  }
}
