import type { CertificateFileCode, EvidenceFileCode } from '@watchfire/attestation'

/**
 * Why a reader did not get what it asked for; a closed set.
 *
 * - a {@link CertificateFileCode} or {@link EvidenceFileCode}: the server gave bytes that are refused, and which check refused them
 * - `unreachable`: no connection, or it broke
 * - `refused`: the server answered with an error
 * - `bad-answer`: the answer is not of the shape that SPEC 12 gives it
 * - `too-large`: the answer passes the bound on bytes
 * - `silent`: connected, and nothing came for too long
 * - `went-back`: a valid certificate, of a height or round below what is held
 * - `bad-proof`: the certificate is valid, and what was asked for is not proven to be in its state
 * - `unknown-target`, `unknown-group`: the manifest has no such target or group
 * - `old-handover`: it is reached by hand-overs from what was trusted too long ago (SPEC 9.5)
 * - `conflicting-certificates`: two valid certificates contradict each other (SPEC 9.5)
 */
export type FeedFaultCode =
  | CertificateFileCode
  | EvidenceFileCode
  | 'unreachable'
  | 'refused'
  | 'bad-answer'
  | 'too-large'
  | 'silent'
  | 'went-back'
  | 'bad-proof'
  | 'unknown-target'
  | 'unknown-group'
  | 'old-handover'
  | 'conflicting-certificates'
