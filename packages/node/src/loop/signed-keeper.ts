import {
  type Attestation,
  type Digest,
  encode,
  type EpochContext,
  getAttestationDigest,
  getProposalClaim,
  getProposalDigest,
  getVoteDigest,
  type Proposal,
  signedAttestationType,
  signedProposalType,
  signedVoteType,
  type Vote,
} from '@watchfire/attestation'
import type { LogSidecarWriter } from '../keys/log-sidecar.ts'
import type { Signer } from '../keys/signer.ts'
import type { Clock, KeptMessage, Meter, Place, TopicName, VoteLog } from '../ports.ts'

/** Something to be signed: where, over what, and how it is sealed with the signature. */
export interface Draft {
  readonly place: Place
  readonly digest: Digest
  seal(signature: Uint8Array): Uint8Array
}

/** What may be sent now, since it is kept. */
export interface Outgoing {
  readonly topic: TopicName
  readonly shard: number
  readonly bytes: Uint8Array
}

/** The only way to a signature for a place: kept and flushed before it is given out (SPEC 6.5). */
export interface SignedKeeper {
  /**
   * Signs what is not signed yet; where something was signed, its kept bytes are given again.
   *
   * @throws {StorageFault} nothing of the call may be sent then
   */
  keep(drafts: readonly Draft[]): readonly Outgoing[]
  readonly log: VoteLog
}

export function makeSignedKeeper(parts: {
  readonly log: VoteLog
  readonly sidecar: LogSidecarWriter
  readonly signer: Signer
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly meter: Pick<Meter, 'add' | 'observe'>
}): SignedKeeper {
  const { log, sidecar, signer, clock, meter } = parts
  return {
    log,
    keep(drafts) {
      const messages = drafts.map((draft): KeptMessage => {
        const { place, digest } = draft
        // With another digest at the place, `append` refuses and nothing is sent.
        const held = log.get(place)
        const isHeld = held !== undefined && Buffer.compare(held.digest, digest) === 0
        if (isHeld) return held
        meter.add('messages-signed', place.kind)
        return { place, digest, bytes: draft.seal(signer.sign(digest)) }
      })
      const startMs = clock.monotonicMs()
      const before = log.count
      log.append(messages)
      if (log.count > before) {
        sidecar.write({ logId: log.logId, count: log.count })
        meter.observe('vote-log-flush', clock.monotonicMs() - startMs)
      }
      return messages.map(toOutgoing)
    },
  }
}

/** A kept message, ready for its topic. */
export function toOutgoing({ place, bytes }: KeptMessage): Outgoing {
  return {
    topic: place.kind,
    shard: place.kind === 'attestation' ? place.shard : 0,
    bytes,
  }
}

export function draftVote({ networkId }: EpochContext, vote: Vote): Draft {
  return {
    place: { kind: 'vote', epoch: vote.epoch, view: vote.view, vote: vote.kind },
    digest: getVoteDigest(networkId, vote),
    seal: (signature) => encode(signedVoteType, { message: vote, signature }),
  }
}

export function draftProposal({ networkId }: EpochContext, proposal: Proposal): Draft {
  return {
    place: { kind: 'proposal', epoch: proposal.epoch, view: proposal.view },
    digest: getProposalDigest(networkId, getProposalClaim(networkId, proposal)),
    seal: (signature) => encode(signedProposalType, { message: proposal, signature }),
  }
}

export function draftAttestation({ networkId }: EpochContext, attestation: Attestation): Draft {
  const { epoch, round, shard } = attestation
  return {
    place: { kind: 'attestation', epoch, round, shard },
    digest: getAttestationDigest(networkId, attestation),
    seal: (signature) => encode(signedAttestationType, { message: attestation, signature }),
  }
}
