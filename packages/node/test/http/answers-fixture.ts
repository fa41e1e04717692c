import {
  type Digest,
  type Evidence,
  getAttestationDigest,
  getEvidenceDigest,
  getVoteDigest,
  type Height,
  makeAttestationEvidence,
  makeEvidenceFile,
  makeVoteEvidence,
  type MemberIndex,
  type MonitorId,
  type Round,
  sha256,
  signDigest,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import type { FeedEvidence } from '../../src/feed-source.ts'
import type { PeerInfo } from '../../src/ports.ts'
import { type Chain, getSecret } from './chain-fixture.ts'

export const getPeers = (): PeerInfo[] => [
  {
    peerId: '12D3KooWone',
    addresses: ['/ip4/127.0.0.1/tcp/7801'],
    direction: 'inbound',
    connectedAtMs: 1_763_683_200_000,
    monitor: 'm2',
    score: -1.5,
    agent: 'watchfire/0.1.0',
    latencyMs: 0.4,
  },
  {
    peerId: '12D3KooWother',
    addresses: [],
    direction: 'outbound',
    connectedAtMs: 1_763_683_200_500,
  },
]

/** m2 signed two finalize votes in view 9, which no block holds yet, m3 two attestations of round 5. */
export function getEvidence(chain: Chain): FeedEvidence[] {
  const { context } = chain
  const { networkId, epoch } = context
  const vote = (seed: number) => {
    const header = sha256(new Uint8Array([seed])) as Digest
    const member = 1 as MemberIndex
    const message = { epoch, view: 9 as View, kind: voteKinds.finalize, member, header }
    const signature = signDigest(getVoteDigest(networkId, message), getSecret('m2'))
    return { message, signature }
  }
  const claim = (seed: number) => {
    const observations = sha256(new Uint8Array([seed]))
    const member = 2 as MemberIndex
    const message = { epoch, round: 5 as Round, shard: 0, member, observations }
    const signature = signDigest(getAttestationDigest(networkId, message), getSecret('m3'))
    return { message, signature }
  }
  const known = (
    offender: string,
    evidence: Evidence,
    inclusion: FeedEvidence['inclusion'],
  ): FeedEvidence => ({
    offender: offender as MonitorId,
    evidence,
    digest: getEvidenceDigest(evidence),
    file: makeEvidenceFile(networkId, evidence, []),
    inclusion,
  })
  return [
    known('m2', makeVoteEvidence(networkId, vote(1), vote(2)), undefined),
    known('m3', makeAttestationEvidence(networkId, claim(1), claim(2)), {
      round: 6 as Round,
      height: 4 as Height,
    }),
  ]
}
