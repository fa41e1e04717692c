/**
 * Why a running node ended by itself, besides storage: `invariant` is a bug of ours, `signing` a key
 * that does not sign what it is given.
 */
export type LoopFaultCode = 'invariant' | 'signing'
