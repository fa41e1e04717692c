import assert from 'node:assert/strict'
import {
  type Digest,
  type Evidence,
  getAttestationClaim,
  getVoteDigest,
  type MemberIndex,
  type MonitorId,
  sha256,
  signDigest,
  type View,
  voteKinds,
} from '@watchfire/attestation'
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

/** m2 signed two finalize votes in view 9, m3 two attestations of one round. */
export function getEvidence(chain: Chain): { offender: MonitorId; evidence: Evidence }[] {
  const { context } = chain
  const vote = (seed: number) => {
    const header = sha256(new Uint8Array([seed])) as Digest
    const member = 1 as MemberIndex
    const message = {
      epoch: context.epoch,
      view: 9 as View,
      kind: voteKinds.finalize,
      member,
      header,
    }
    const digest = getVoteDigest(context.networkId, message)
    return { message, signature: signDigest(digest, getSecret('m2')) }
  }
  const attestations = chain.attestations.filter(({ message }) => message.member === 2)
  const [first, second] = attestations
  assert.ok(first !== undefined && second !== undefined)
  const claim = (each: typeof first) => ({
    message: { ...getAttestationClaim(each.message), round: first.message.round },
    signature: each.signature,
  })
  return [
    {
      offender: 'm2' as MonitorId,
      evidence: { selector: 2, value: { first: vote(1), second: vote(2) } },
    },
    {
      offender: 'm3' as MonitorId,
      evidence: { selector: 0, value: { first: claim(first), second: claim(second) } },
    },
  ]
}
