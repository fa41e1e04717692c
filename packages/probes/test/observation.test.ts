import assert from 'node:assert/strict'
import { decode, encode, observationType, type TargetIndex } from '@watchfire/attestation'
import { makeTarget } from '../src/compliance/harness.ts'
import { toObservation } from '../src/observation.ts'
import { abstained, failed } from '../src/steps.ts'
import { makeFakeKind, never } from './fake-kind.ts'

const target = makeTarget(makeFakeKind(never), { name: 'a' }, 800)
const INDEX = 5 as TargetIndex

describe('observation of a result', () => {
  it('has the values at the target’s own indexes, ascending, negative ones as two’s complement', () => {
    const observation = toObservation(target, INDEX, {
      status: 'reached',
      reference: { kind: 'height', value: 9 },
      signals: { second: -1n, first: 3n },
      identities: { mark: Uint8Array.of(1, 2) },
    })
    assert.deepEqual(observation, {
      target: 5,
      status: 1,
      code: 0,
      referenceKind: 1,
      reference: 9,
      signals: [
        { index: 0, value: 3n },
        { index: 1, value: 2n ** 64n - 1n },
      ],
      identities: [{ index: 0, value: Uint8Array.of(1, 2) }],
    })
  })

  it('leaves out what the target does not name, and what the probe does not know', () => {
    const [, second] = target.signals
    assert.ok(second !== undefined)
    const narrow = { ...target, signals: [second], identities: [] }
    const observation = toObservation(narrow, INDEX, {
      status: 'reached',
      signals: { first: 3n },
      identities: { mark: Uint8Array.of(1) },
    })
    assert.deepEqual(observation.signals, [])
    assert.deepEqual(observation.identities, [])
    assert.equal(observation.referenceKind, 0)
  })

  it('has a code and nothing else for a failure and for an abstention', () => {
    const nothing = { target: 5, referenceKind: 0, reference: 0, signals: [], identities: [] }
    assert.deepEqual(toObservation(target, INDEX, failed('dns', 'no such name')), {
      ...nothing,
      status: 2,
      code: 3,
    })
    assert.deepEqual(toObservation(target, INDEX, abstained('stopping', '')), {
      ...nothing,
      status: 3,
      code: 8,
    })
  })

  it('survives the wire', () => {
    const observation = toObservation(target, INDEX, {
      status: 'reached',
      signals: { first: -(2n ** 63n) },
      identities: { mark: new Uint8Array(32) },
    })
    const decoded = decode(observationType, encode(observationType, observation))
    assert.ok(decoded.ok)
    assert.deepEqual(decoded.value, observation)
  })
})
