import { deepEqual, equal, ok } from 'node:assert/strict'
import { voteKinds } from '@watchfire/attestation'
import { Network, type Node, signProposal } from './driver.ts'
import { makeEqual } from './fixtures.ts'

const ROUND_MS = 2000
/** Leads view 1, all of whose time nothing gets through. */
const AHEAD = 1
const DEAD = 2

function roundsOf(node: Node): number[] {
  return node.finals.map(({ block }) => block.header.round)
}

/**
 * Four members, of which one is dead, and the one that leads before it has a clock that is ahead: its
 * vote is needed. Everybody holds all attestations, and for a long time nothing else gets through.
 */
function withoutAgreement(roundsBehindMax: number, skewMs: number): Network {
  const network = new Network({
    epochs: [makeEqual(4, { roundsBehindMax, viewTimeoutMsMax: 2 * ROUND_MS })],
    skewMs: (index) => (index === AHEAD ? skewMs : 0),
    deliver: (_, __, message) => message.kind === 'attestation',
  }).boot()
  network.node(DEAD).crash()
  return network.run((2 * roundsBehindMax + 4) * ROUND_MS)
}

describe('a network that was without agreement for longer than blocks may be behind', () => {
  for (const roundsBehindMax of [1, 2, 8]) {
    it(`goes on at once, with a clock almost ${roundsBehindMax} rounds ahead that it needs (SPEC 6.4.7)`, () => {
      const network = withoutAgreement(roundsBehindMax, roundsBehindMax * ROUND_MS - 100)
      network.deliver = () => true
      const healed = network.roundNow()
      // A view whose leader is dead, and the repeats that tell everyone of it.
      network.run(4 * ROUND_MS)
      for (const node of network.nodes.filter(({ isUp }) => isUp)) {
        const rounds = roundsOf(node)
        ok((rounds.at(-1) ?? 0) > healed, `at round ${rounds.at(-1)}, not ${healed}`)
        ok(
          (rounds[0] ?? 0) >= healed - roundsBehindMax,
          'begins with no older round than a leader may propose',
        )
      }
      network.run(60 * ROUND_MS)
      for (const node of network.nodes.filter(({ isUp }) => isUp)) {
        const rounds = roundsOf(node).filter((round) => round > healed)
        const [first = 0, last = 0] = [rounds[0], rounds.at(-1)]
        ok(last >= network.roundNow() - 2, `at round ${last}, not ${network.roundNow()}`)
        deepEqual(
          rounds,
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        )
      }
    })
  }
})

describe('a block', () => {
  const roundsBehindMax = 3
  /** The block of round 1, shown to member 0 when its clock is in this round. */
  function showIn(round: number): readonly number[] {
    const network = new Network({
      epochs: [makeEqual(4, { roundsBehindMax })],
      deliver: (_, __, message) => message.kind === 'attestation',
    }).boot()
    network.run(ROUND_MS * (round - 1) + 500)
    equal(network.roundNow(), round)
    const [signed] = network.node(1).disk.proposals
    ok(signed)
    equal(signed.message.block.header.round, 1)
    const context = network.contextOf(0)
    network.sendTo(1, 0, { kind: 'proposal', message: signProposal(context, signed.message) })
    network.deliver = () => true
    network.run(200)
    return network
      .node(0)
      .disk.votes.filter(({ message }) => message.kind === voteKinds.notarize)
      .map(({ message }) => message.view)
  }

  it('gets a vote while it is no more than twice what leaders keep to behind, its attestations long forgotten', () => {
    deepEqual(showIn(1 + 2 * roundsBehindMax), [1])
  })

  it('gets none a round later', () => {
    deepEqual(showIn(2 + 2 * roundsBehindMax), [])
  })
})
