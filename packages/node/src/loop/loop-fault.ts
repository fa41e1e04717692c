/**
 * Why a running node ended by itself, besides storage: `invariant` is a bug of ours, `signing` a key
 * that does not sign what it is given.
 */
export type LoopFaultCode = 'invariant' | 'signing'

/** An error for the log, with the place it was thrown at where that is known. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
