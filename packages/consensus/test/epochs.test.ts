import { deepEqual, equal, ok } from 'node:assert/strict'
import { getHeaderDigest, type Vote } from '@watchfire/attestation'
import { type CoreMessage, InvariantError, start } from '../src/index.ts'
import { carryPatience } from '../src/views.ts'
import { Network, signVote, verify } from './driver.ts'
import { makeContext, makeEqual, makeHandover, makeTarget } from './fixtures.ts'

/** Epoch 0 of four members ends with height 3; epoch 1 has five members and two targets. */
const next = makeContext(
  [{}, {}, {}, {}, {}],
  { targets: [makeTarget({ id: 'added' }), makeTarget()] },
  1,
)
const first = makeEqual(4, { handover: [makeHandover(next, 3)] })

function isFinalize(message: CoreMessage): boolean {
  return message.kind === 'vote' && message.message.message.kind === 3
}

describe('the end of an epoch', () => {
  it('hands over from its final last block, whose header alone says so', () => {
    const network = new Network({ epochs: [first, next], nodes: 5 }).boot()
    network.run(12_000)
    const { finals } = network.node(0)
    ok(finals.length >= 5)
    deepEqual(
      finals.slice(0, 5).map(({ block: { header } }) => [header.epoch, header.next.length]),
      [
        [0, 0],
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 0],
      ],
    )
    equal(finals[3]?.state.targets.length, 2)
    equal(finals[3]?.block.header.parentRound, finals[2]?.block.header.round)
    ok(finals[4]?.certificate.signatures.some(({ member }) => member === 4) || finals.length > 4)
    for (const node of network.nodes) equal(node.status.epoch, 1)
  })

  it('proposes the last block again until it is final, and no child of it', () => {
    let last = 0
    const network = new Network({
      epochs: [first, next],
      deliver: (_, __, message, nowMs) => {
        // Finalize votes are lost until some time after the last block was notarized.
        if (isFinalize(message)) return nowMs > last
        return true
      },
    })
    last = network.nowMs + 9000
    network.boot()
    network.run(8500)
    const node = network.node(0)
    equal(node.status.tipHeight, 3)
    equal(node.height, 0)
    ok(node.status.view > 4, `view ${node.status.view}`)
    const proposals = network.nodes.flatMap(({ disk }) => disk.proposals)
    const again = proposals.filter(({ message }) => message.block.header.height === 3)
    ok(again.length > 1)
    ok(again.slice(1).some(({ message }) => message.parentView === message.view - 1))
    ok(proposals.every(({ message }) => message.block.header.height <= 3))
    network.run(10_000)
    equal(node.status.epoch, 1)
    ok(node.height > 3)
  })

  it('leaves timers as long as clocks apart have made them (SPEC 6.2)', () => {
    const skewsMs = [1834, 1963, -1546, 1482]
    const after = makeContext([{}, {}, {}, {}], {}, 1)
    const before = makeEqual(4, { handover: [makeHandover(after, 12)] })
    const skewMs = (index: number) => skewsMs[index] ?? 0
    const network = new Network({ epochs: [before, after], skewMs }).boot()
    network.run(60_000)
    const late = network.node(0).finals.filter(({ block }) => block.header.epoch === 1)
    ok(late.length > 10)
    // Each by its own view: with short timers the first would be final with the second.
    deepEqual(
      late.filter(({ certificate }) => certificate.descendants.length > 0),
      [],
    )
  })

  it('leaves no timer longer than one short view can shorten, where the next has others', () => {
    const times = (viewTimeoutMs: number) => makeEqual(4, { viewTimeoutMs, viewTimeoutMsMax: 8000 })
    deepEqual(
      [500, 2000, 3000, 4000, 8000].map((timeoutMs) => carryPatience(4, times(timeoutMs))),
      [4, 2, 2, 1, 0],
    )
    equal(carryPatience(1, times(500)), 1)
  })

  it('is not missed by a member that was away: it learns of it by sync', () => {
    const network = new Network({ epochs: [first, next] }).boot()
    network.run(3000)
    network.deliver = (from, to) => from !== 3 && to !== 3
    network.run(40_000)
    equal(network.node(3).status.epoch, 0)
    network.deliver = () => true
    network.run(30_000)
    equal(network.node(3).status.epoch, 1)
    ok(network.node(3).height >= network.node(0).height - 1)
  })

  it('is not hidden from members that a liar keeps busy in the old epoch', () => {
    const second = makeContext([{}, {}, {}, {}], {}, 1)
    const old = makeEqual(4, { handover: [makeHandover(second, 2)] })
    let isHidden = true
    const network = new Network({
      epochs: [old, second],
      // Members 0 and 1 see no vote to finalize, so that they stay behind.
      deliver: (_, to, message) => !(isHidden && to < 2 && isFinalize(message)),
    }).boot()
    network.run(10_000, () => network.node(2).status.epoch === 1)
    equal(network.node(2).status.epoch, 1)
    equal(network.node(0).status.epoch, 0)
    network.node(3).crash()
    // What is on its way is lost too.
    network.run(50)
    isHidden = false
    const { view: stuck } = network.node(0).status
    // With the liar's votes the two nullify view after view: nothing stands still.
    const lie = () => {
      for (const to of [0, 1]) {
        const { epoch, view } = network.node(to).status
        if (epoch !== 0) continue
        const vote = { epoch, view, kind: 2, member: 3, header: new Uint8Array(32) } as Vote
        network.sendTo(3, to, { kind: 'vote', message: signVote(old, vote) })
      }
      network.at(network.nowMs + 100, lie)
    }
    lie()
    network.run(10_000)
    const { epoch, view } = network.node(0).status
    ok(epoch === 0 && view > stuck + 1, `epoch ${epoch}, view ${view} after ${stuck}`)
    network.run(30_000)
    for (const node of [0, 1, 2].map((index) => network.node(index))) {
      equal(node.status.epoch, 1)
      ok(node.height > 3, `height ${node.height}`)
    }
  })

  it('survives a restart right after it', () => {
    const network = new Network({ epochs: [first, next], nodes: 5 }).boot()
    network.run(20_000, () => network.nodes.every(({ status }) => status.epoch === 1))
    for (const node of network.nodes) node.crash()
    network.boot()
    for (const node of network.nodes) equal(node.status.epoch, 1)
    network.run(10_000)
    ok(network.node(4).height > 5)
  })

  it('is signed past once only: a node thrown back before it remembers what it signed after it', () => {
    const network = new Network({ epochs: [first, next], nodes: 5 }).boot()
    network.run(12_000)
    const node = network.node(2)
    const { finals, disk } = node
    ok(disk.votes.some(({ message }) => message.epoch === 1))
    const [early] = finals
    ok(early)
    node.crash()
    // The final blocks were not flushed; the vote log was.
    disk.final = {
      header: early.block.header,
      headerDigest: getHeaderDigest(first.networkId, early.block.header),
      state: early.state,
      certificate: early.certificate,
    }
    disk.certificates.length = 0
    node.boot()
    equal(node.status.epoch, 0)
    // The driver refuses a second signature for a place.
    network.run(30_000)
    equal(node.status.epoch, 1)
    ok(node.height >= network.node(0).height - 1)
  })

  it('without a known successor leaves the node waiting, not guessing', () => {
    const network = new Network({ epochs: [first] }).boot()
    network.run(15_000)
    for (const node of network.nodes) {
      equal(node.height, 3)
      equal(node.status.ended, true)
      deepEqual(node.alarms, [])
    }
  })

  it('is of a network with an epoch 0, or a core is not made', () => {
    const nothing = {
      final: undefined,
      blocks: [],
      attestations: [],
      certificates: [],
      signedProposals: [],
      signedVotes: [],
    }
    let thrown: unknown
    try {
      start({ networkId: first.networkId, epochs: [], me: undefined, verify }, nothing, 0 as never)
    } catch (error) {
      thrown = error
    }
    ok(thrown instanceof InvariantError)
  })
})
