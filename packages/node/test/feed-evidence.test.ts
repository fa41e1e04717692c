import assert from 'node:assert/strict'
import {
  type Height,
  type MemberIndex,
  type Round,
  verifyEvidenceFile,
  verifySignature,
} from '@watchfire/attestation'
import { makeEvidenceList } from '../src/feed-evidence.ts'
import type { FeedRecord } from '../src/feed-source.ts'
import { openChainStore } from '../src/store/chain-store.ts'
import { makeContext, makeEvidence, makeFinal } from './fixtures.ts'

const context = makeContext()
const bounds = {
  attestationRounds: 10,
  attestationBytesMax: 1e6,
  stateHeights: 10,
  stateBytesMax: 1e6,
}

/** As much of a record as the list looks at: who is excluded. */
function makeRecord(excluded: { member: number; round: number }[]): FeedRecord {
  return { state: { meta: { excluded } } } as unknown as FeedRecord
}

describe('the evidence that readers see', () => {
  it('waits for a block, then says since which round and height, the list the same meanwhile', () => {
    const store = openChainStore(':memory:', bounds)
    let record: FeedRecord | undefined
    const list = makeEvidenceList(context, store, () => record)
    assert.deepEqual(list.get(), [])
    const put = (view: number, isFinal: boolean) => {
      const evidence = makeEvidence(context, view)
      store.put({ evidence: [{ offender: 3 as MemberIndex, evidence, isFinal }] })
      list.renew()
    }
    put(1, false)
    const [known] = list.get()
    assert.equal(known?.offender, 'm4')
    assert.equal(known.inclusion, undefined)
    assert.ok(verifyEvidenceFile(known.file, context, verifySignature).ok)
    record = makeRecord([])
    assert.equal(list.get()[0], known)

    // The block at height 2, of round 4, holds another piece against the same member.
    store.put({ finals: [makeFinal(context, 2)] })
    put(9, true)
    record = makeRecord([{ member: 3, round: 4 }])
    const [included, ...others] = list.get()
    assert.deepEqual(others, [])
    assert.deepEqual(included?.evidence, makeEvidence(context, 9))
    assert.deepEqual(included?.inclusion, { round: 4 as Round, height: 2 as Height })
    put(1, false)
    assert.deepEqual(list.get()[0]?.evidence, makeEvidence(context, 9))
    store.close()
  })

  it('names the round alone where the certificate of the block is not held', () => {
    const store = openChainStore(':memory:', bounds)
    const evidence = makeEvidence(context)
    store.put({ evidence: [{ offender: 3 as MemberIndex, evidence, isFinal: false }] })
    const list = makeEvidenceList(context, store, () => makeRecord([{ member: 3, round: 4 }]))
    assert.deepEqual(list.get()[0]?.inclusion, { round: 4, height: undefined })
    store.close()
  })
})
