import assert from 'node:assert/strict'
import {
  type Digest,
  type Epoch,
  getVoteDigest,
  type MemberIndex,
  signDigest,
  type View,
  voteKinds,
  makeVoteEvidence,
} from '@watchfire/attestation'
import { openChainStore } from '../../src/store/chain-store.ts'
import { recover } from '../../src/store/recover.ts'
import { getSeed, makeContext } from '../fixtures.ts'

const bounds = {
  attestationRounds: 10,
  attestationBytesMax: 1e6,
  stateHeights: 10,
  stateBytesMax: 1e6,
}

describe('recovery from the store', () => {
  it('brings back evidence, so that a restart pardons nobody', () => {
    const { networkId } = makeContext()
    const sign = (fill: number) => {
      const message = {
        epoch: 0 as Epoch,
        view: 1 as View,
        kind: voteKinds.notarize,
        member: 3 as MemberIndex,
        header: new Uint8Array(32).fill(fill) as Digest,
      }
      return { message, signature: signDigest(getVoteDigest(networkId, message), getSeed(3)) }
    }
    const evidence = makeVoteEvidence(networkId, sign(1), sign(2))
    const store = openChainStore(':memory:', bounds)
    store.put({ evidence: [{ offender: 3 as MemberIndex, evidence }] })
    assert.deepEqual(recover(store, undefined, 0 as Epoch, false).evidence, [evidence])
    store.close()
  })
})
