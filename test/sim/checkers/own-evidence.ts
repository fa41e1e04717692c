import type {
  Evidence,
  SignedAttestationClaim,
  SignedProposalClaim,
  SignedVote,
} from '@watchfire/attestation'
import type { AuditContext } from './checker.ts'
import { digest, VOTE_DOMAINS, writeVote } from './own-wire.ts'

interface Half {
  /** What it is about, and what it says there. */
  readonly place: string
  readonly content: string
  readonly epoch: number
  readonly member: number
  readonly digest: Buffer
  readonly signature: Uint8Array
}

/**
 * SPEC 8.4 a second time.
 *
 * @returns why the evidence proves nothing, or undefined
 */
export function refuteEvidence(
  { founding, verify }: AuditContext,
  evidence: Evidence,
): string | undefined {
  const [first, second] = readHalves(founding.networkId, evidence)
  if (first.epoch !== second.epoch || first.member !== second.member) return 'two epochs or members'
  if (!areExclusive(first, second)) return `an honest member may sign both: ${first.place}`
  if (Buffer.compare(first.digest, second.digest) >= 0) return 'not in order'
  const publicKey = founding.keys[first.member]?.publicKey
  const isSigned = [first, second].every(
    (half) => publicKey !== undefined && verify(half.signature, half.digest, publicKey),
  )
  return isSigned ? undefined : 'a signature is not one'
}

function areExclusive(first: Half, second: Half): boolean {
  if (first.place === second.place) return first.content !== second.content
  const kinds = [first.place, second.place].toSorted()
  const [nullify, finalize] = kinds
  return nullify?.startsWith('2 vote ') === true && finalize === `3 ${nullify.slice('2 '.length)}`
}

function readHalves(network: Uint8Array, evidence: Evidence): readonly [Half, Half] {
  if (evidence.selector === 0) {
    const { first, second } = evidence.value
    return [readAttestationHalf(network, first), readAttestationHalf(network, second)]
  }
  if (evidence.selector === 1) {
    const { first, second } = evidence.value
    return [readProposalHalf(network, first), readProposalHalf(network, second)]
  }
  const { first, second } = evidence.value
  return [readVoteHalf(network, first), readVoteHalf(network, second)]
}

function readAttestationHalf(
  network: Uint8Array,
  { message, signature }: SignedAttestationClaim,
): Half {
  const { epoch, round, shard, member, observations } = message
  const claim = Buffer.alloc(52)
  claim.writeBigUInt64LE(BigInt(epoch), 0)
  claim.writeBigUInt64LE(BigInt(round), 8)
  claim.writeUInt16LE(shard, 16)
  claim.writeUInt16LE(member, 18)
  claim.set(observations, 20)
  const signed = digest(network, 'attestation', epoch, claim)
  const place = `attestation ${round}/${shard}`
  return { place, content: toHex(observations), epoch, member, digest: signed, signature }
}

function readProposalHalf(network: Uint8Array, { message, signature }: SignedProposalClaim): Half {
  const { epoch, view, member, parentView, header } = message
  const claim = Buffer.alloc(58)
  claim.writeBigUInt64LE(BigInt(epoch), 0)
  claim.writeBigUInt64LE(BigInt(view), 8)
  claim.writeUInt16LE(member, 16)
  claim.writeBigUInt64LE(BigInt(parentView), 18)
  claim.set(header, 26)
  const signed = digest(network, 'proposal', epoch, claim)
  const content = `${toHex(header)} on ${parentView}`
  return { place: `proposal ${view}`, content, epoch, member, digest: signed, signature }
}

function readVoteHalf(network: Uint8Array, { message, signature }: SignedVote): Half {
  const { epoch, view, kind, member, header } = message
  const vote = writeVote(epoch, view, kind, member, header)
  const signed = digest(network, VOTE_DOMAINS[kind] ?? '', epoch, vote)
  return {
    place: `${kind} vote ${view}`,
    content: toHex(header),
    epoch,
    member,
    digest: signed,
    signature,
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
