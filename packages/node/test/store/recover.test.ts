import assert from 'node:assert/strict'
import type { Epoch, MemberIndex } from '@watchfire/attestation'
import { openChainStore } from '../../src/store/chain-store.ts'
import { recover } from '../../src/store/recover.ts'
import { makeContext, makeEvidence } from '../fixtures.ts'

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
})
