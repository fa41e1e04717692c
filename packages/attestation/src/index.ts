/**
 * What monitors say and sign: types, canonical encoding, signing domains, verification,
 * quorum arithmetic, certificates. Pure.
 *
 * @packageDocumentation
 */
export * from './brands.ts'
export * from './codes.ts'
export * from './limits.ts'
export * from './schema.ts'
