/**
 * What monitors say and sign: types, canonical encoding, signing domains, verification,
 * quorum arithmetic, certificates. Pure.
 *
 * @packageDocumentation
 */
export * from './brands.ts'
export * from './bytes.ts'
export * from './codes.ts'
export * from './decode.ts'
export * from './domains.ts'
export * from './epoch-context.ts'
export * from './limits.ts'
export * from './member-signatures.ts'
export * from './result.ts'
export * from './rounds.ts'
export * from './schema.ts'
export * from './signatures.ts'
export * from './view-certificate.ts'
