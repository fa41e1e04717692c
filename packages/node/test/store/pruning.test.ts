import assert from 'node:assert/strict'
import type { Epoch } from '@watchfire/attestation'
import { openChainStore } from '../../src/store/chain-store.ts'
import { startPruning } from '../../src/store/pruning.ts'
import { makeAttestation, makeContext, makeFinal, TestClock } from '../fixtures.ts'

const context = makeContext()
const epoch = 0 as Epoch
const size = makeAttestation(context, 0, 1).bytes.length

function makeBench(stateHeights: number) {
  const clock = new TestClock()
  const store = openChainStore(':memory:', {
    attestationRounds: 1000,
    attestationBytesMax: 20 * size,
    stateHeights,
    stateBytesMax: 1e9,
  })
  const faults: unknown[] = []
  const pruning = startPruning(store, clock, epoch, (work) => {
    try {
      work()
    } catch (error) {
      faults.push(error)
    }
  })
  return { clock, store, pruning, faults }
}

describe('pruning', () => {
  it('bounds attestations by time too, while nothing becomes final', () => {
    const { clock, store, pruning } = makeBench(10)
    const rounds = Array.from({ length: 50 }, (_, i) => makeAttestation(context, 0, i + 1))
    store.put({ attestations: rounds })
    clock.advance(599_999)
    assert.equal(store.listAttestations({ limit: 1000 }).length, 50)
    clock.advance(1)
    const left = store.listAttestations({ limit: 1000 })
    assert.equal(left.length, 20)
    assert.equal(left[0]?.round, 50)
    pruning.stop()
  })

  it('comes after every 64 final blocks', () => {
    const { store, pruning } = makeBench(10)
    for (let height = 1; height <= 64; height += 1) {
      store.put({ finals: [makeFinal(context, height)] })
      pruning.noteFinal()
      assert.equal(store.getStateFloor(), height < 64 ? 1 : 54)
    }
    pruning.stop()
  })

  it('hands a failing store to who guards it, and ends when told', () => {
    const { clock, store, pruning, faults } = makeBench(10)
    store.close()
    clock.advance(600_000)
    assert.equal(faults.length, 1)
    pruning.stop()
    clock.advance(600_000)
    assert.equal(faults.length, 1)
  })
})
