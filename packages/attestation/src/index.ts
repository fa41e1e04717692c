/**
 * What monitors say and sign: types, canonical encoding, signing domains, verification,
 * quorum arithmetic, certificates. Pure.
 *
 * @packageDocumentation
 */
export * from './brands.ts'
export * from './bytes.ts'
export * from './canonical-json.ts'
export * from './certificate.ts'
export * from './certificate-file.ts'
export * from './codes.ts'
export * from './decode.ts'
export * from './domains.ts'
export * from './epoch-context.ts'
export * from './evidence.ts'
export * from './evidence-file.ts'
export * from './handovers.ts'
export * from './limits.ts'
export * from './manifest.ts'
export * from './manifest-json.ts'
export * from './manifest-rules.ts'
export * from './manipulability.ts'
export * from './member-signatures.ts'
export * from './params.ts'
export * from './problem.ts'
export * from './proof.ts'
export * from './result.ts'
export * from './rounds.ts'
export * from './schema.ts'
export * from './signatures.ts'
export * from './state-root.ts'
export * from './view-certificate.ts'
export * from './wire-types.ts'
