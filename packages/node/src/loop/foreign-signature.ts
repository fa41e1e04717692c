import {
  type Digest,
  type EpochContext,
  getAttestationDigest,
  getProposalDigest,
  getVoteDigest,
  type Evidence,
  type MemberIndex,
  type SignedAttestation,
  getOffender,
} from '@watchfire/attestation'
import { type AdmissionResult } from '@watchfire/consensus'
import type { Place, VoteLog } from '../ports.ts'

/** One thing that was signed for a place. */
interface Signed {
  readonly place: Place
  readonly digest: Digest
}

/**
 * What admission found signed with this node's key and the node's log does not hold: attestations, and
 * evidence against the node itself. Proposals, votes and certificates are the core's to notice
 * (SPEC 6.9). What lies below the log's floor was signed in a life the node is safely past.
 *
 * @param verdict what admission said of a message from outside
 * @returns it in words, or `undefined` where there is nothing
 * @throws {StorageFault}
 */
export function findForeignSignature(
  context: EpochContext,
  me: MemberIndex,
  log: VoteLog,
  verdict: AdmissionResult,
): string | undefined {
  for (const { place, digest } of listOwn(context, me, verdict)) {
    if (log.isBelowFloor(place)) continue
    const held = log.get(place)
    if (held !== undefined && Buffer.compare(held.digest, digest) === 0) continue
    const where = place.kind === 'attestation' ? `round ${place.round}` : `view ${place.view}`
    return `a ${place.kind} for ${where} is signed with this node's key and not in its log`
  }
  return undefined
}

function listOwn(context: EpochContext, me: MemberIndex, verdict: AdmissionResult): Signed[] {
  const found: Signed[] = []
  const { evidence } = verdict
  if (evidence !== undefined && getOffender(evidence) === me)
    found.push(...listAccused(context, evidence))
  if (verdict.action !== 'accept') return found
  const { input } = verdict
  if (input.kind === 'attestation' && input.message.message.member === me)
    found.push({ place: getPlace(input.message.message), digest: input.digest })
  if (input.kind === 'evidence' && getOffender(input.message) === me)
    found.push(...listAccused(context, input.message))
  return found
}

function getPlace({
  epoch,
  round,
  shard,
}: Pick<SignedAttestation['message'], 'epoch' | 'round' | 'shard'>): Place {
  return { kind: 'attestation', epoch, round, shard }
}

function listAccused({ networkId }: EpochContext, evidence: Evidence): Signed[] {
  switch (evidence.selector) {
    case 0:
      return [evidence.value.first, evidence.value.second].map(({ message }) => ({
        place: getPlace(message),
        digest: getAttestationDigest(networkId, message),
      }))
    case 1:
      return [evidence.value.first, evidence.value.second].map(({ message }) => ({
        place: { kind: 'proposal', epoch: message.epoch, view: message.view },
        digest: getProposalDigest(networkId, message),
      }))
    case 2:
      return [evidence.value.first, evidence.value.second].map(({ message }) => ({
        place: { kind: 'vote', epoch: message.epoch, view: message.view, vote: message.kind },
        digest: getVoteDigest(networkId, message),
      }))
    default:
      throw new TypeError('evidence of no known kind')
  }
}
