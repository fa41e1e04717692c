import {
  type CertificateFileCode,
  type CertifiedState,
  type EpochContext,
  type ExcludedMember,
  getCodeName,
  getValidUntilMs,
  type Height,
  listExcluded,
  type Round,
  type TargetId,
  toText,
  type UnixMs,
  type Verify,
  type VerdictName,
  verdicts,
  verifyCertificateFile,
  type Result,
} from '@watchfire/attestation'

/** Rounds that no certificate covers, both ends included; named, never papered over (SPEC 9.5). */
export interface Gap {
  readonly from: Round
  readonly to: Round
}

/** What a certificate file proves, every signature checked (SPEC 9.2). */
export interface VerifiedState extends CertifiedState {
  readonly height: Height
  readonly round: Round
  /** Rounds between the parent's and this one. */
  readonly gap: Gap | undefined
  /** Verdict by target; `none` where no round covered the target yet. */
  readonly verdicts: ReadonlyMap<TargetId, VerdictName | 'none'>
  /** Members whose observations do not count: each signed two things for one place (SPEC 7.2). */
  readonly excluded: readonly ExcludedMember[]
  /** After this, by the reader's clock, what the state says is stale. */
  readonly validUntilMs: UnixMs
  /** The bytes that were verified: keep them, and anyone can check them again. */
  readonly bytes: Uint8Array
}

/**
 * Verifies a certificate file and reads it.
 *
 * @param genesis the context of the manifest, which is all that is trusted
 */
export function readCertificateFile(
  bytes: Uint8Array,
  genesis: EpochContext,
  verify: Verify,
): Result<VerifiedState, CertificateFileCode> {
  const verified = verifyCertificateFile(bytes, genesis, verify)
  if (!verified.ok) return verified
  const { header, context, state } = verified.value
  const names = state.targets.map((target): [TargetId, VerdictName | 'none'] => [
    toText(target.id) as TargetId,
    target.verdict === 0 ? 'none' : (getCodeName(verdicts, target.verdict) as VerdictName),
  ])
  return {
    ok: true,
    value: {
      ...verified.value,
      height: header.height,
      round: header.round,
      gap: getGap(header.parentRound, header.round),
      verdicts: new Map(names),
      excluded: listExcluded(context, state),
      validUntilMs: getValidUntilMs(context.parameters, header.round),
      bytes,
    },
  }
}

/** The rounds strictly between a block's and its parent's, if there are any. */
export function getGap(parentRound: Round, round: Round): Gap | undefined {
  return round - parentRound > 1
    ? { from: (parentRound + 1) as Round, to: (round - 1) as Round }
    : undefined
}
