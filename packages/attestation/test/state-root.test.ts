import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  encode,
  fromText,
  getEncodedStateRoot,
  getStateRoot,
  type Round,
  type State,
  stateMetaType,
  stateType,
  type TargetState,
  targetStateType,
  toBits,
  toHex,
  updateStateTree,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { arbitraryOf } from './support/arbitraries.ts'
import { makeState, makeTargetState, PLACE } from './support/certificate-fixture.ts'
import { makeContext } from './support/network-fixture.ts'

/** SPEC 7.9 written again: SSZ's hash tree root by hand, with another hash library. */
function computeRoot(state: State): string {
  const tagged = (name: string, bytes: Uint8Array) =>
    hash(Buffer.concat([Buffer.from(`watchfire:${name}`), Buffer.alloc(32)], 32), bytes)
  const meta = tagged('meta', encode(stateMetaType, state.meta))
  const targets = state.targets.map((t) => tagged('target', encode(targetStateType, t)))
  const groups = state.groups.map((group) => {
    const { elementType } = stateType.fields.groups
    return tagged('group', encode(elementType, group))
  })
  const top = [meta, listRoot(targets, 14), listRoot(groups, 12), Buffer.alloc(32)]
  return merkleize(top, 2).toString('hex')
}

function listRoot(leaves: Buffer[], depth: number): Buffer {
  const length = Buffer.alloc(32)
  length.writeUInt32LE(leaves.length)
  return hash(merkleize(leaves, depth), length)
}

function merkleize(leaves: Buffer[], depth: number): Buffer {
  let zero = Buffer.alloc(32)
  let level = leaves
  for (let d = 0; d < depth; d++) {
    const pairs = Math.ceil(level.length / 2)
    level = Array.from({ length: pairs }, (_, i) =>
      hash(level[2 * i] ?? zero, level[2 * i + 1] ?? zero),
    )
    zero = hash(zero, zero)
  }
  return level[0] ?? zero
}

function hash(...parts: Uint8Array[]): Buffer<ArrayBuffer> {
  return createHash('sha256').update(Buffer.concat(parts)).digest() as Buffer<ArrayBuffer>
}

/** A state of `count` targets and a group. */
function makeWide(count: number): State {
  const targets = Array.from({ length: count }, (_, i) =>
    makeTargetState(fromText(`t${String(i).padStart(5, '0')}`), i),
  )
  const head = { name: fromText('head'), weight: 4, value: toBits(9n), behindMs: 0 }
  const group = { id: fromText('chain'), standing: 1, since: 3 as Round, heads: [head] }
  return {
    ...makeState(makeContext()),
    targets,
    groups: [{ ...group, paces: [], forks: [], signals: [] }],
  }
}

describe('state root (SPEC 7.9)', () => {
  it('is the hash tree root of tagged leaves', () => {
    for (const count of [0, 1, 2, 3, 5, 8, 33]) {
      const state = makeWide(count)
      assert.equal(toHex(getStateRoot(state)), computeRoot(state), `${count} targets`)
    }
  })

  it('is the same from an encoded state as from its parts, for any state', () => {
    const property = fc.property(arbitraryOf(stateType), (value) => {
      const state = value as State
      const root = getStateRoot(state)
      assert.deepEqual(getEncodedStateRoot(encode(stateType, state)), root)
      assert.equal(toHex(root), computeRoot(state))
    })
    fc.assert(property, { numRuns: 60 })
  })

  it('is the same by updates, one after another, as from nothing', () => {
    const change = fc.record({ at: fc.nat(), round: fc.nat(1000), kind: fc.nat(3) })
    const property = fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.array(change, { maxLength: 12 }),
      (count, changes) => {
        let tree = updateStateTree(undefined, makeWide(count))
        for (const each of changes) {
          const next = applyChange(tree.state, each)
          tree = updateStateTree(tree, next)
          assert.deepEqual(tree.root, getStateRoot(next))
          assert.equal(tree.state, next)
        }
      },
    )
    fc.assert(property, { numRuns: 40 })
  })

  it('leaves the tree it was made from as it was, so that competing blocks can share one', () => {
    const parent = updateStateTree(undefined, makeWide(6))
    const before = toHex(parent.root)
    const children = [1, 2].map((at) =>
      updateStateTree(parent, applyChange(parent.state, { at, round: 50, kind: 0 })),
    )
    assert.equal(toHex(parent.root), before)
    assert.equal(toHex(parent.node.root), before)
    for (const child of children) assert.deepEqual(child.root, getStateRoot(child.state))
    assert.notDeepEqual(children[0]?.root, children[1]?.root)
  })

  it('hashes only what changed: a target that is the same object is not looked at', () => {
    const state = makeWide(4)
    const tree = updateStateTree(undefined, state)
    const [first, ...rest] = state.targets
    assert.ok(first !== undefined)
    const untouchable = rest.map(
      (target) =>
        new Proxy(target, {
          get: () => assert.fail('an unchanged target was read'),
        }),
    )
    const shared: State = { ...state, targets: [first, ...untouchable] }
    const previous = { ...tree, state: shared }
    const next = { ...shared, targets: [{ ...first, verdict: 2 }, ...untouchable] }
    const expected = { ...state, targets: [{ ...first, verdict: 2 }, ...rest] }
    assert.deepEqual(updateStateTree(previous, next).root, getStateRoot(expected))
  })
})

function applyChange(
  state: State,
  { at, round, kind }: { at: number; round: number; kind: number },
): State {
  const meta = { ...state.meta, round: (PLACE.round + round) as Round }
  const index = state.targets.length === 0 ? 0 : at % state.targets.length
  const alter = (target: TargetState, i: number) =>
    i === index ? { ...target, since: round as Round } : target
  switch (kind) {
    case 0:
      return { ...state, meta, targets: state.targets.map(alter) }
    case 1:
      return { ...state, meta, groups: state.groups.map((group) => ({ ...group, heads: [] })) }
    case 2:
      return { ...state, meta, targets: state.targets.slice(1) }
    default:
      return { ...state, meta }
  }
}
