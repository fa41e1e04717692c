import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  type Certificate,
  getStateRoot,
  type Header,
  type Round,
  type Verified,
} from '@watchfire/attestation'
import { computeState } from '../src/index.ts'
import { Network, type Node } from './driver.ts'
import { makeEqual } from './fixtures.ts'

const context = makeEqual(4)

/** A node and a certificate of the block after its final one, but upon another parent. */
function makeFork(): { network: Network; node: Node; certificate: Verified<Certificate> } {
  const network = new Network({ epochs: [context] }).boot()
  network.run(5000)
  const node = network.node(0)
  const last = node.finals.at(-1)
  ok(last)
  const { header } = last.certificate
  const place = {
    height: (header.height + 1) as Header['height'],
    round: (header.round + 1) as Round,
    parentRound: header.round,
  }
  const fork: Header = {
    ...header,
    ...place,
    parent: new Uint8Array(32).fill(9) as Header['parent'],
    stateRoot: getStateRoot(computeState(last.state, context, place, [], [])),
  }
  const certificate = { ...last.certificate, header: fork, descendants: [] }
  return { network, node, certificate: certificate as Certificate as Verified<Certificate> }
}

function expectHalted(network: Network, node: Node): void {
  deepEqual(
    node.alarms.map(({ code }) => code),
    ['conflicting-finality'],
  )
  equal(node.status.halted, 'conflicting-finality')
  const before = node.disk.votes.length
  network.run(6000)
  equal(node.disk.votes.length, before, 'a halted node votes for nothing')
}

describe('final blocks that exclude each other (SPEC 6.7)', () => {
  it('stop the node when a synced one stands upon another parent than its own final block', () => {
    const { network, node, certificate } = makeFork()
    const last = node.finals.at(-1)
    ok(last)
    const { height, round, parentRound } = certificate.header
    const state = computeState(last.state, context, { height, round, parentRound }, [], [])
    const { finalHeight } = node.status
    node.input({ kind: 'synced', certificate, state })
    equal(node.status.finalHeight, finalHeight)
    expectHalted(network, node)
  })

  it('stop the node when its sync met them, once', () => {
    const { network, node, certificate } = makeFork()
    const own = node.finals.at(-1)?.certificate as Verified<Certificate>
    node.input({ kind: 'conflict', certificates: [own, certificate] })
    node.input({ kind: 'conflict', certificates: [own, certificate] })
    deepEqual(node.alarms[0]?.inputs.certificates, [own, certificate])
    expectHalted(network, node)
  })
})
