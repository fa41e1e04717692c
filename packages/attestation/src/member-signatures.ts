import type { Digest, Epoch, View } from './brands.ts'
import { getVoteDigest } from './domains.ts'
import type { EpochContext } from './epoch-context.ts'
import { type Failure, fail } from './result.ts'
import type { MemberSignature } from './schema.ts'
import type { Verify } from './signatures.ts'

/** Why a list of signatures is not a quorum's (SPEC 6.6, 9.2). */
export type SignaturesCode =
  | 'unknown-member'
  | 'unordered-signatures'
  | 'insufficient-weight'
  | 'bad-signature'

/** What the signatures say, save who signed. */
export interface VotedPlace {
  readonly epoch: Epoch
  readonly view: View
  readonly kind: number
  readonly header: Digest
}

/**
 * Checks 7 to 10 of SPEC 9.2, in that order: every signature must be a member's, ascending, valid,
 * and together they weigh a quorum.
 *
 * @returns the first failure, or undefined
 */
export function checkSignatures(
  context: EpochContext,
  place: VotedPlace,
  signatures: readonly MemberSignature[],
  verify: Verify,
): Failure<SignaturesCode> | undefined {
  const { members } = context.committee
  for (const { member } of signatures) {
    if (member >= members.length) {
      return fail('unknown-member', `no member has index ${member}; there are ${members.length}`)
    }
  }
  let previous = -1
  let weight = 0
  for (const { member } of signatures) {
    if (member <= previous) {
      return fail('unordered-signatures', `member ${member} follows member ${previous}`)
    }
    previous = member
    weight += members[member]?.weight ?? 0
  }
  if (weight < context.quorum) {
    return fail('insufficient-weight', `weight ${weight} of the ${context.quorum} needed`)
  }
  for (const { member, signature } of signatures) {
    const digest = getVoteDigest(context.networkId, { ...place, member })
    const publicKey = members[member]?.publicKey
    if (publicKey === undefined || !verify(signature, digest, publicKey)) {
      return fail('bad-signature', `the signature of ${context.memberIds[member]} does not verify`)
    }
  }
  return undefined
}
