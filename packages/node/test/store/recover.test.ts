import assert from 'node:assert/strict'
import type { Epoch, MemberIndex, Round } from '@watchfire/attestation'
import { openChainStore } from '../../src/store/chain-store.ts'
import { listUntold, recover } from '../../src/store/recover.ts'
import { openVoteLog } from '../../src/store/vote-log.ts'
import { makeAttestation, makeContext, makeEvidence } from '../fixtures.ts'
import { LosingDisk } from './losing-disk.ts'

const bounds = {
  attestationRounds: 10,
  attestationBytesMax: 1e6,
  stateHeights: 10,
  stateBytesMax: 1e6,
}

describe('recovery from the store', () => {
  it('brings back evidence, so that a restart pardons nobody', () => {
    const evidence = makeEvidence(makeContext())
    const store = openChainStore(':memory:', bounds)
    store.put({ evidence: [{ offender: 3 as MemberIndex, evidence, isFinal: false }] })
    assert.deepEqual(recover(store, undefined, 0 as Epoch, false).evidence, [evidence])
    store.close()
  })

  it('knows what the log holds of attestations and the store was not told of, later than what is final', () => {
    const context = makeContext()
    const store = openChainStore(':memory:', bounds)
    const { log } = openVoteLog(new LosingDisk())
    const own = [1, 2, 3].map((round) => makeAttestation(context, 1, round))
    log.append(
      own.map(({ epoch, round, shard, digest, bytes }) => ({
        place: { kind: 'attestation', epoch, round, shard },
        digest,
        bytes,
      })),
    )
    store.put({ attestations: own.slice(1, 2) })
    const untold = listUntold(store, log, 0 as Epoch, 1 as Round)
    assert.deepEqual(
      untold.map(({ digest, bytes }) => ({ digest, bytes })),
      own.slice(2).map(({ digest, bytes }) => ({ digest, bytes })),
    )
    assert.equal(untold[0]?.signed.message.round, 3)
    store.close()
  })
})
