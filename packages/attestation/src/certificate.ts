import type { Digest, Verified } from './brands.ts'
import { areEqual } from './bytes.ts'
import { voteKinds } from './codes.ts'
import { getHeaderDigest } from './domains.ts'
import type { EpochContext } from './epoch-context.ts'
import { checkSignatures, type SignaturesCode } from './member-signatures.ts'
import { type Failure, fail, type Result, succeed } from './result.ts'
import { areTimesSafe } from './rounds.ts'
import type { Certificate, Header } from './schema.ts'
import type { Verify } from './signatures.ts'

/** Why a certificate is refused, in the order of the checks (SPEC 9.2, 5 to 11). */
export type CertificateCode = 'wrong-committee' | 'broken-chain' | SignaturesCode | 'bad-round'

/**
 * Whether a certificate proves its header final in the epoch of `context`: checks 5 to 11 of
 * SPEC 9.2, in that order. The state is not looked at.
 *
 * @param verify every signature goes through it
 */
export function verifyCertificate(
  context: EpochContext,
  certificate: Certificate,
  verify: Verify,
): Result<Verified<Certificate>, CertificateCode> {
  const checked = checkCertificate(context, certificate, verify)
  return checked.ok ? succeed(certificate as Verified<Certificate>) : checked
}

/** As {@link verifyCertificate}. @returns the digest of the header that the certificate proves */
export function checkCertificate(
  context: EpochContext,
  certificate: Certificate,
  verify: Verify,
): Result<Digest, CertificateCode> {
  const { header, descendants, view } = certificate
  const headers = [header, ...descendants]
  for (const each of headers) {
    const failure = checkCommittee(context, each)
    if (failure !== undefined) return failure
  }

  const headerDigest = getHeaderDigest(context.networkId, header)
  let last = header
  let lastDigest = headerDigest
  for (const descendant of descendants) {
    const fault = findBrokenLink(last, lastDigest, descendant)
    if (fault !== undefined) return fail('broken-chain', fault)
    last = descendant
    lastDigest = getHeaderDigest(context.networkId, descendant)
  }

  const place = {
    epoch: context.epoch,
    view,
    kind: voteKinds.finalize,
    header: lastDigest,
  }
  const failure = checkSignatures(context, place, certificate.signatures, verify)
  if (failure !== undefined) return failure

  if (header.round <= header.parentRound) {
    return fail('bad-round', `round ${header.round} is not after ${header.parentRound}`)
  }
  if (header.height < 1 || view < 1) return fail('bad-round', 'heights and views count from 1')
  if (!areTimesSafe(context.parameters, header.round)) {
    return fail('bad-round', `round ${header.round} begins at no time that can be told`)
  }
  return succeed(headerDigest)
}

function checkCommittee(
  context: EpochContext,
  header: Header,
): Failure<'wrong-committee'> | undefined {
  if (header.epoch !== context.epoch) {
    return fail('wrong-committee', `a header of epoch ${header.epoch}, not ${context.epoch}`)
  }
  if (!areEqual(header.committee, context.committeeHash)) {
    return fail('wrong-committee', 'a header of another committee')
  }
  if (!areEqual(header.parameters, context.parametersHash)) {
    return fail('wrong-committee', 'a header of other parameters')
  }
  return undefined
}

/** What keeps `child` from being the child of `parent`, in words. */
function findBrokenLink(parent: Header, parentDigest: Digest, child: Header): string | undefined {
  if (parent.next.length > 0) return 'a block follows the last of its epoch'
  if (!areEqual(child.parent, parentDigest)) return 'a descendant names another parent'
  if (child.height !== parent.height + 1) return 'a descendant has another height'
  if (child.parentRound !== parent.round) return 'a descendant names another round of its parent'
  if (child.round <= child.parentRound) return 'a descendant has no later round'
  return undefined
}
