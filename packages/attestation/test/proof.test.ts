import assert from 'node:assert/strict'
import {
  fromText,
  getStateRoot,
  GROUP_PROOF_LENGTH,
  makeGroupProof,
  makeProof,
  PROOF_LENGTH,
  type State,
  type TargetIndex,
  updateStateTree,
  verifyGroupProof,
  verifyProof,
} from '@watchfire/attestation'
import { makeState } from './support/certificate-fixture.ts'
import {
  type JsonObject,
  makeContext,
  makeManifestJson,
  makeTargetJson,
} from './support/network-fixture.ts'

describe('inclusion proof (SPEC 7.10)', () => {
  const json = makeManifestJson()
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const context = makeContext({
    ...json,
    parameters: { ...(json['parameters'] as JsonObject), targets: ids.map(makeTargetJson) },
  })
  const { parameters } = context
  const state: State = makeState(context)
  const root = getStateRoot(state)

  function getTarget(index: number) {
    const target = state.targets[index]
    assert.ok(target !== undefined)
    return target
  }

  it('of every target leads from its leaf to the state root', () => {
    const tree = updateStateTree(undefined, state)
    for (const index of ids.keys()) {
      const branch = makeProof(state, index as TargetIndex)
      assert.equal(branch.length, PROOF_LENGTH)
      assert.deepEqual(makeProof(tree, index as TargetIndex), branch)
      assert.equal(verifyProof(root, parameters, getTarget(index), branch), true)
    }
  })

  it('is refused for a target changed in any way, at another index, or under another root', () => {
    const branch = makeProof(state, 3 as TargetIndex)
    const target = getTarget(3)
    assert.equal(verifyProof(root, parameters, { ...target, verdict: 2 }, branch), false)
    assert.equal(verifyProof(root, parameters, getTarget(4), branch), false)
    const renamed = { ...target, id: fromText('e') }
    assert.equal(verifyProof(root, parameters, renamed, branch), false)
    const unknown = { ...target, id: fromText('z') }
    assert.equal(verifyProof(root, parameters, unknown, branch), false)
    const other = getStateRoot({
      ...state,
      meta: { ...state.meta, excluded: [{ member: 0, round: 1 }] } as State['meta'],
    })
    assert.equal(verifyProof(other, parameters, target, branch), false)
    assert.equal(verifyProof(other, parameters, target, []), false)
  })

  it('is refused when longer, shorter, in another order, or with any hash changed', () => {
    const branch = makeProof(state, 2 as TargetIndex)
    const target = getTarget(2)
    const wrong = [
      branch.slice(1),
      branch.slice(0, -1),
      [...branch, new Uint8Array(32)],
      branch.toReversed(),
      branch.with(0, new Uint8Array(31)),
      ...branch.map((hash, at) =>
        branch.with(
          at,
          hash.map((byte) => byte ^ 1),
        ),
      ),
    ]
    for (const each of wrong) assert.equal(verifyProof(root, parameters, target, each), false)
  })

  it('is not made for a target that is not there', () => {
    assert.throws(() => makeProof(state, 7 as TargetIndex), RangeError)
  })
})

describe('inclusion proof of a group (SPEC 7.10)', () => {
  const json = makeManifestJson()
  const groups = ['c', 'a', '', 'b', 'a']
  const context = makeContext({
    ...json,
    parameters: {
      ...(json['parameters'] as JsonObject),
      targets: groups.map((group, at) => ({ ...makeTargetJson(`t${at}`), group })),
    },
  })
  const state = makeState(context)
  const root = getStateRoot(state)
  const getGroup = (index: number) => state.groups[index] ?? assert.fail()
  const holds = (group: State['groups'][number], branch: readonly Uint8Array[]) =>
    verifyGroupProof(root, context.parameters, group, branch)

  it('leads from each leaf, in the order of the ids, to the state root', () => {
    assert.equal(state.groups.length, 3)
    for (const index of state.groups.keys()) {
      const branch = makeGroupProof(state, index)
      assert.equal(branch.length, GROUP_PROOF_LENGTH)
      assert.equal(holds(getGroup(index), branch), true)
    }
    assert.throws(() => makeGroupProof(state, 3), RangeError)
  })

  it('is refused for a group changed, another, one there is not, or another branch', () => {
    const branch = makeGroupProof(state, 1)
    const group = getGroup(1)
    assert.equal(holds({ ...group, standing: 3 }, branch), false)
    assert.equal(holds(getGroup(2), branch), false)
    assert.equal(holds({ ...group, id: fromText('z') }, branch), false)
    assert.equal(holds(group, branch.slice(1)), false)
    assert.equal(holds(group, [...branch, new Uint8Array(32)]), false)
    assert.equal(holds(group, branch.toReversed()), false)
    assert.equal(holds(group, branch.with(0, new Uint8Array(31))), false)
  })
})
