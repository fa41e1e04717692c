import { deepEqual, equal, ok } from 'node:assert/strict'
import { verdicts } from '@watchfire/attestation'
import { Network, type Node } from './driver.ts'
import { makeContext, makeEqual } from './fixtures.ts'

/** Rounds of the final blocks of a node. */
function roundsOf(node: Node): number[] {
  return node.finals.map(({ block }) => block.header.round)
}

describe('agreement of four members', () => {
  it('makes one final block a round, the same everywhere', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(10_000)
    for (const node of network.nodes) {
      deepEqual(roundsOf(node), [1, 2, 3, 4, 5])
      deepEqual(node.alarms, [])
    }
  })

  it('needs three network delays from the last attestation to the certificate', () => {
    const network = new Network({ epochs: [makeEqual(4)], latencyMs: 30 }).boot()
    const bornMs = network.nowMs
    network.run(2000, () => network.nodes.every(({ height }) => height === 1))
    // Attested at 100; then attestation, proposal, notarize, finalize: each one latency.
    equal(network.nowMs - bornMs, 100 + 4 * 30)
  })

  it('gives an observer the same final blocks, although it signs nothing', () => {
    const network = new Network({ epochs: [makeEqual(4)], nodes: 5 }).boot()
    network.run(6000)
    deepEqual(roundsOf(network.node(4)), [1, 2, 3])
    const signs = network.node(4).effects.filter(({ kind }) => kind.startsWith('sign'))
    deepEqual(signs, [])
  })

  it('carries verdicts through blocks: a target falls in the rounds its policy says', () => {
    const network = new Network({
      epochs: [makeEqual(4)],
      observe: (_, round) => [round < 3 ? {} : { status: 'failed', code: 1 }],
    }).boot()
    network.run(12_000)
    deepEqual(
      network.node(0).finals.map(({ state }) => state.targets[0]?.verdict),
      [verdicts.up, verdicts.up, verdicts.up, verdicts.up, verdicts.down, verdicts.down],
    )
  })

  it('counts weights, not heads: one heavy silent member stops what three light ones agree on', () => {
    const members = [{ weight: 4 }, { weight: 1 }, { weight: 1 }, { weight: 1 }]
    const network = new Network({ epochs: [makeContext(members)] }).boot()
    network.node(0).crash()
    network.run(10_000)
    ok(network.nodes.every(({ height }) => height === 0))
  })
})

describe('a dead leader', () => {
  it('costs one time-out, and the round is still certified by the next', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    const bornMs = network.nowMs
    // Member 1 leads view 1.
    network.node(1).crash()
    network.run(2000, () => network.node(0).height === 1)
    deepEqual(roundsOf(network.node(0)), [1])
    const elapsedMs = network.nowMs - bornMs
    // The timer fires 500 after propose-at, then nullify, proposal, notarize, finalize.
    equal(elapsedMs, 1300 + 500 + 4 * 10)
  })

  it('never stops the others for long, whoever it is', () => {
    for (const dead of [0, 1, 2, 3]) {
      const network = new Network({ epochs: [makeEqual(4)] }).boot()
      network.node(dead).crash()
      network.run(20_000)
      const alive = network.nodes.filter(({ isUp }) => isUp)
      for (const node of alive) deepEqual(roundsOf(node), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    }
  })
})

describe('clocks that differ', () => {
  it('by more than the time-out, for more than may fail, do not keep blocks from becoming final', () => {
    // Two of four time out in every view before the others have attested, and finalize nothing they
    // nullified: only timers that back off bring them together (SPEC 6.2).
    const skewMs = (index: number) => (index < 2 ? 2500 : 0)
    const network = new Network({ epochs: [makeEqual(4)], skewMs }).boot()
    network.run(60_000)
    for (const node of network.nodes) {
      const { round } = node.finals.at(-1)?.block.header ?? { round: 0 }
      ok(round >= network.roundNow() - 4, `round ${round} at ${network.roundNow()}`)
      deepEqual(
        roundsOf(node),
        Array.from({ length: round }, (_, index) => index + 1),
      )
    }
  })
})

describe('timers that clocks apart have made longer', () => {
  it('stay so while views need them: each block is final by its own view, not with the next', () => {
    // Three of four are ahead by more than the time-out. Were their timers halved after each view that
    // they got through, they would nullify every other one, and a quorum finalize none (ADR 0015).
    const skewsMs = [1834, 1963, -1546, 1482]
    const skewMs = (index: number) => skewsMs[index] ?? 0
    const network = new Network({ epochs: [makeEqual(4)], skewMs }).boot()
    network.run(60_000)
    const late = network.node(0).finals.filter(({ block }) => block.header.round > 5)
    ok(late.length > 20)
    deepEqual(
      late.filter(({ certificate }) => certificate.descendants.length > 0),
      [],
    )
  })
})

describe('with too few members', () => {
  it('certifies nothing, says what it waits for, and resumes when one comes back', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(4000)
    network.node(2).crash()
    network.node(3).crash()
    network.run(20_000)
    const before = network.node(0).height
    network.run(20_000)
    equal(network.node(0).height, before)
    const { waiting } = network.node(0).status
    deepEqual(waiting?.heard, [0, 1])
    equal(waiting?.heardWeight, 2)
    equal(waiting?.quorum, 3)
    network.node(3).boot()
    network.run(20_000)
    ok(network.node(0).height > before + 3, `height ${network.node(0).height} after ${before}`)
    equal(network.node(3).height, network.node(0).height)
  })

  it('goes on after all four were killed and started again', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(5000)
    for (const node of network.nodes) node.crash()
    network.run(30_000)
    network.boot()
    network.run(10_000)
    const { round } = network.node(0).finals.at(-1)?.block.header ?? { round: 0 }
    ok(round >= network.roundNow() - 1, `round ${round} at ${network.roundNow()}`)
  })
})

describe('lost messages', () => {
  it('are made good by repeats: a quarter lost costs time, not agreement', () => {
    let seed = 1
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const network = new Network({ epochs: [makeEqual(4)], deliver: () => random() > 0.25 }).boot()
    network.run(60_000)
    ok(network.node(0).height > 15, `height ${network.node(0).height} in 30 rounds`)
    network.deliver = () => true
    network.run(10_000)
    const heights = network.nodes.map(({ height }) => height)
    ok(Math.max(...heights) - Math.min(...heights) <= 1, `heights ${heights.join()}`)
  })

  it('split in two halves nothing is certified, and joined again everything is', () => {
    const isSameHalf = (from: number, to: number) => from < 2 === to < 2
    const network = new Network({ epochs: [makeEqual(4)], deliver: isSameHalf }).boot()
    network.run(30_000)
    ok(network.nodes.every(({ height }) => height === 0))
    network.deliver = () => true
    network.run(20_000)
    for (const node of network.nodes) {
      const { round } = node.finals.at(-1)?.block.header ?? { round: 0 }
      ok(round >= network.roundNow() - 1, `round ${round} at ${network.roundNow()}`)
    }
  })
})

describe('a node left behind', () => {
  it('takes over the certified state when it is far behind, and takes part again', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(3000)
    network.deliver = (from, to) => from !== 3 && to !== 3
    network.run(60_000)
    const before = network.node(0).height
    network.deliver = () => true
    network.run(20_000)
    ok(network.node(3).height >= network.node(0).height - 1)
    ok(network.node(0).height > before)
    ok(network.node(3).effects.some(({ kind }) => kind === 'sync'))
    const signed = network.node(3).disk.votes.at(-1)?.message.view ?? 0
    ok(signed >= network.node(0).status.view - 3, 'it votes in late views')
  })

  it('follows block by block when it is only a little behind', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(3000)
    network.deliver = (from, to) => from !== 3 && to !== 3
    network.run(6000)
    network.deliver = () => true
    network.run(6000)
    deepEqual(roundsOf(network.node(3)), roundsOf(network.node(0)))
  })
})
