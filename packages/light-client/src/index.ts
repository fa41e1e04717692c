/**
 * Follow and check a feed of health certificates; no `node:` import, no libp2p.
 *
 * @packageDocumentation
 */
export {
  type CertificateFileCode,
  type CertifiedState,
  type EpochContext,
  getCodeName,
  makeGenesisContext,
  type Manifest,
  type MonitorId,
  outcomes,
  parseManifest,
  type Result,
  type State,
  type TargetId,
  type TargetState,
  toHex,
  toSigned,
  toText,
  verdicts,
  type VerdictName,
  type Verify,
  verifyCertificateFile,
  verifySignature,
} from '@watchfire/attestation'
export { type Clock, systemClock } from './clock.ts'
export type { FeedFaultCode } from './codes.ts'
export * from './fetch-evidence.ts'
export * from './fetch-latest.ts'
export * from './fetch-proof.ts'
export * from './follow.ts'
export type { Fetch } from './http.ts'
export * from './verified-state.ts'
