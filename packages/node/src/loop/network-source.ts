import {
  blockType,
  certificateType,
  type Digest,
  encode,
  type Epoch,
  type Height,
  type MemberIndex,
  type Round,
  type View,
  viewCertificateType,
} from '@watchfire/attestation'
import type { Status } from '@watchfire/consensus'
import type { NetworkSource, Store, VoteLog } from '../ports.ts'
import type { AttestationBuffer } from './attestation-buffer.ts'

/** Own votes told with the highest certificate (SPEC 10). */
const ownVotesMax = 16

/** What peers are served from (SPEC 10). */
export function makeNetworkSource(parts: {
  readonly store: Store
  readonly buffer: AttestationBuffer
  readonly me: MemberIndex | undefined
  readonly voteLog: VoteLog | undefined
  /** Undefined until the loop has begun. */
  readonly getCore: () => Status | undefined
}): NetworkSource {
  const { store, buffer, me, voteLog, getCore } = parts
  function listOwnVotes(epoch: Epoch): readonly Uint8Array[] {
    const core = getCore()
    if (voteLog === undefined || core === undefined) return []
    const from = Math.max(1, core.view - 4) as View
    return voteLog
      .listViews(epoch, from, core.view)
      .filter(({ place }) => place.kind === 'vote')
      .slice(-ownVotesMax)
      .map(({ bytes }) => bytes)
  }
  return {
    getAttestation: (digest: Digest) => buffer.get(digest),
    getBlock(headerDigest) {
      const block = store.getBlock(headerDigest)
      return block === undefined ? undefined : encode(blockType, block)
    },
    listViewCertificates: (epoch, from, to) =>
      store
        .listViewCertificates(epoch, from, to)
        .map((certificate) => encode(viewCertificateType, certificate)),
    listCertificates: (from, count) =>
      store
        .listCertificates(from, count)
        .map((certificate) => encode(certificateType, certificate)),
    getStateBytes: (root) => store.getStateBytes(root),
    getHighest(epoch) {
      const certificate = store.getHighestViewCertificate(epoch)
      const core = getCore()
      return {
        certificate:
          certificate === undefined ? undefined : encode(viewCertificateType, certificate),
        height: core?.finalHeight ?? (0 as Height),
        round: core?.finalRound ?? (0 as Round),
        member: me,
        own: listOwnVotes(epoch),
      }
    },
  }
}
