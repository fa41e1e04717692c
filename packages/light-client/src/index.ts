/**
 * Follow and check a feed of health certificates; no `node:` import, no libp2p.
 *
 * @packageDocumentation
 */
export {
  type Branch,
  type CertificateFileCode,
  type CertifiedState,
  describeStanding,
  type EpochContext,
  type EvidenceFileCode,
  type EvidencePlace,
  type ExcludedMember,
  type Fork,
  getCodeName,
  type GroupHealth,
  type HeadHealth,
  listExcluded,
  makeGenesisContext,
  type Manifest,
  type MemberHealth,
  type MonitorId,
  type MonitorView,
  outcomes,
  parseManifest,
  type PlaceView,
  type ProvenEquivocation,
  type ProviderHealth,
  type ProviderIncident,
  type Reason,
  readReason,
  type Result,
  type SignalHealth,
  type StandingName,
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
  verifyEvidenceFile,
  verifySignature,
  viewGroups,
  viewMonitors,
  viewNetworks,
  viewProviders,
  viewRegions,
} from '@watchfire/attestation'
export { type Clock, systemClock } from './clock.ts'
export type { FeedFaultCode } from './codes.ts'
export * from './fetch-evidence.ts'
export * from './fetch-latest.ts'
export * from './fetch-proof.ts'
export * from './follow.ts'
export type { Fetch } from './http.ts'
export * from './verified-state.ts'
