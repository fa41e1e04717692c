import { deepEqual, ok } from 'node:assert/strict'
import { toHex, type View, voteKinds } from '@watchfire/attestation'
import { getAdmissionWindow } from '../src/index.ts'
import { Network, type Node } from './driver.ts'
import { makeEqual } from './fixtures.ts'

/** Of which kinds the window says that the core holds a certificate of a view. */
function heldOf(node: Node, view: number): string[] {
  ok(node.state)
  const { getHeldHeader } = getAdmissionWindow(node.state)
  return Object.entries(voteKinds).flatMap(([name, kind]) =>
    getHeldHeader(view as View, kind) === undefined ? [] : [name],
  )
}

/** Four members among which no finalize vote arrives. */
function makeUnfinal(): Network {
  return new Network({
    epochs: [makeEqual(4)],
    nodes: 5,
    deliver: (_, __, { kind, message }) =>
      kind !== 'vote' || message.message.kind !== voteKinds.finalize,
  }).boot()
}

describe('the window that admission goes by (SPEC 8.3)', () => {
  it('tells of which view and kind the core holds a certificate, its own making included', () => {
    const network = makeUnfinal()
    const node = network.node(0)
    network.run(5000, () => node.status.view === 2)
    deepEqual(heldOf(node, 1), ['notarize'])
    deepEqual(heldOf(node, 2), [])
    const { header } = node.disk.certificates[0] ?? {}
    ok(header && node.state)
    const told = getAdmissionWindow(node.state).getHeldHeader(1 as View, voteKinds.notarize)
    deepEqual(told && toHex(told), toHex(header))
  })

  it('counts none as held where the node has not cast that vote: another may have its signature (6.9)', () => {
    const network = makeUnfinal()
    const [silent, observer] = [network.node(3), network.node(4)]
    silent.input({ kind: 'mute', detail: 'as if its log were lost' })
    network.run(5000, () => silent.status.view === 2 && observer.status.view === 2)
    deepEqual(heldOf(silent, 1), [])
    deepEqual(heldOf(observer, 1), ['notarize'])
  })

  it('counts one of a final view as held, cast or not: what was signed there matters no more', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    const silent = network.node(3)
    silent.input({ kind: 'mute', detail: 'as if its log were lost' })
    network.run(5000, () => silent.height === 1)
    ok(heldOf(silent, 1).includes('finalize'))
  })
})
