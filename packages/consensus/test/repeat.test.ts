import { deepEqual, equal, ok } from 'node:assert/strict'
import { voteKinds } from '@watchfire/attestation'
import type { Effect } from '../src/index.ts'
import { Network, type Node } from './driver.ts'
import { makeEqual } from './fixtures.ts'

type Repeat = Extract<Effect, { kind: 'repeat' }>

/** What the node repeats first from now on. */
function getNextRepeat(network: Network, node: Node): Repeat {
  const find = () => node.effects.find((effect) => effect.kind === 'repeat')
  node.effects.length = 0
  network.run(1000, () => find() !== undefined)
  const repeat = find()
  ok(repeat)
  return repeat
}

describe('what a node repeats while a view lasts (SPEC 6.5)', () => {
  it('is the finalization of the preceding view, and then nothing else of that view', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(5000, () => network.nodes.every(({ height }) => height === 2))
    const node = network.node(0)
    const repeat = getNextRepeat(network, node)
    const { view } = node.status
    deepEqual([repeat.fromView, repeat.toView], [view, view])
    deepEqual([repeat.certificate?.kind, repeat.certificate?.view], [voteKinds.finalize, view - 1])
  })

  it('is its votes and what let it in, where that view is notarized only', () => {
    const network = new Network({
      epochs: [makeEqual(4)],
      deliver: (_, __, { kind, message }) =>
        kind !== 'vote' || message.message.kind !== voteKinds.finalize,
    }).boot()
    const node = network.node(0)
    network.run(5000, () => node.status.view === 2)
    const repeat = getNextRepeat(network, node)
    deepEqual([repeat.fromView, repeat.toView], [1, 2])
    deepEqual([repeat.certificate?.kind, repeat.certificate?.view], [voteKinds.notarize, 1])
  })

  it('is that too where only an earlier view is final', () => {
    const network = new Network({
      epochs: [makeEqual(4)],
      deliver: (_, __, { kind, message }) =>
        kind !== 'vote' ||
        message.message.kind !== voteKinds.finalize ||
        message.message.view !== 2,
    }).boot()
    const node = network.node(0)
    network.run(9000, () => node.status.view === 3)
    const repeat = getNextRepeat(network, node)
    deepEqual([repeat.fromView, repeat.toView], [2, 3])
    deepEqual([repeat.certificate?.kind, repeat.certificate?.view], [voteKinds.notarize, 2])
  })

  it('makes a block final at one that heard no finalize vote', () => {
    const network = new Network({
      epochs: [makeEqual(4)],
      deliver: (_, to, { kind, message }) =>
        to !== 3 || kind !== 'vote' || message.message.kind !== voteKinds.finalize,
    }).boot()
    const deaf = network.node(3)
    network.run(5000, () => deaf.height === 1)
    equal(deaf.height, 1)
    // Before the next block, whose own finalization would have brought it along.
    equal(network.node(0).height, 1)
    ok(!deaf.effects.some(({ kind }) => kind === 'sync'))
  })
})
