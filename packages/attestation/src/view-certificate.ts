import type { Verified } from './brands.ts'
import { voteKinds } from './codes.ts'
import type { EpochContext } from './epoch-context.ts'
import { checkSignatures, type SignaturesCode } from './member-signatures.ts'
import { fail, type Result, succeed } from './result.ts'
import type { ViewCertificate } from './schema.ts'
import type { Verify } from './signatures.ts'

/** Why a view certificate is refused (SPEC 6.6, 8.3). */
export type ViewCertificateCode =
  | 'wrong-epoch'
  | 'bad-kind'
  | 'bad-view'
  | 'bad-header'
  | SignaturesCode

/**
 * Whether a notarization, nullification or finalization is a quorum's (SPEC 6.6).
 *
 * @param verify every signature goes through it
 */
export function verifyViewCertificate(
  context: EpochContext,
  certificate: ViewCertificate,
  verify: Verify,
): Result<Verified<ViewCertificate>, ViewCertificateCode> {
  const { epoch, view, kind, header, signatures } = certificate
  if (epoch !== context.epoch) {
    return fail('wrong-epoch', `epoch ${epoch}, not ${context.epoch}`)
  }
  if (view < 1) return fail('bad-view', 'views count from 1')
  switch (kind) {
    case voteKinds.notarize:
    case voteKinds.finalize:
      break
    case voteKinds.nullify:
      if (header.some((byte) => byte !== 0)) {
        return fail('bad-header', 'a nullification names no header')
      }
      break
    default:
      return fail('bad-kind', `no vote has kind ${kind}`)
  }
  const failure = checkSignatures(context, { epoch, view, kind, header }, signatures, verify)
  return failure ?? succeed(certificate as Verified<ViewCertificate>)
}
