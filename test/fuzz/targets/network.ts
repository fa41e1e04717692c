import {
  type Epoch,
  type EpochContext,
  getVoteDigest,
  makeEpochContext,
  type MemberIndex,
  type MemberSignature,
  type SignedVote,
  signDigest,
  type View,
  type ViewCertificate,
} from '@watchfire/attestation'
import { makeNextEpoch } from '../../../packages/attestation/test/support/network-fixture.ts'
import { getSecret } from '../../../packages/attestation/test/support/network-fixture.ts'
import { getContext } from '../../vectors/networks.ts'
import { makeVote, signVote } from '../../vectors/sample-messages.ts'
import { ZERO_HASH } from '../../vectors/vector-values.ts'
import type { Sign } from './cheap-signatures.ts'

/** The network that drawn messages are of: the one of the vectors that uses everything. */
export const context: EpochContext = getContext('full')

/** A later epoch that is known here too. */
export const nextContext: EpochContext = (() => {
  const { committee, parameters } = makeNextEpoch(['m1', 'm2', 'm3', 'm4'])
  return makeEpochContext(context.networkId, 1 as Epoch, committee, parameters)
})()

/** A clock in the round that the vectors' attestations are of. */
export const nowMs =
  context.parameters.originMs +
  (1_000_050 - context.parameters.originRound) * context.parameters.roundMs +
  1000

/** Signs with the keys that the vectors name. */
export const signTruly: Sign = (epoch, member, digest) =>
  member < epoch.committee.members.length
    ? signDigest(digest, getSecret(epoch, member as MemberIndex))
    : new Uint8Array(64)

/** A certificate of a view by all members, signed for real. */
export function makeViewCertificate(kind: number, view: number): ViewCertificate {
  const header = kind === 2 ? ZERO_HASH : makeVote(context).header
  const place = { epoch: context.epoch, view: view as View, kind, header }
  const signatures = context.memberIds.map((_, index): MemberSignature => {
    const member = index as MemberIndex
    const digest = getVoteDigest(context.networkId, { ...place, member })
    return { member, signature: signTruly(context, member, digest) }
  })
  return { ...place, signatures }
}

export function makeSignedVote(kind: number, member: number): SignedVote {
  const changes = { kind, member: member as MemberIndex }
  const nullify = kind === 2 ? { header: ZERO_HASH } : {}
  return signVote(context, makeVote(context, { ...changes, ...nullify })).message
}
