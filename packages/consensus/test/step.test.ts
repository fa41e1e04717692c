import { deepEqual, ok } from 'node:assert/strict'
import {
  type Digest,
  getHeaderDigest,
  type MemberIndex,
  type Proposal,
  type UnixMs,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { type CoreState, getStatus, type Input, type StepResult, step } from '../src/index.ts'
import { Network, signProposal, signVote } from './driver.ts'
import { makeContext, makeEqual } from './fixtures.ts'

describe('a step', () => {
  it('is pure: the same inputs on the same state give the same, long after', () => {
    const steps: { before: CoreState; input: Input; result: StepResult }[] = []
    let count = 0
    const network = new Network({
      epochs: [makeEqual(4)],
      deliver: () => count++ % 7 !== 0,
      onStep: (index, before, input, result) => {
        if (index === 0) steps.push({ before, input, result })
      },
    }).boot()
    network.run(20_000)
    ok(steps.length > 300)
    let state = steps[0]?.before
    for (const { before, input, result } of steps) {
      ok(state)
      const again = step(state, input)
      deepEqual(again.effects, result.effects)
      deepEqual(again.wakeAtMs, result.wakeAtMs)
      deepEqual(getStatus(before), getStatus(state))
      state = again.state
    }
  })

  it('asks for no more than a few ticks a round', () => {
    let ticks = 0
    const network = new Network({
      epochs: [makeEqual(4)],
      onStep: (_, __, { kind }) => {
        if (kind === 'tick') ticks++
      },
    }).boot()
    network.run(60_000)
    ok(ticks < 4 * 30 * 6, `${ticks} ticks of 4 nodes in 30 rounds`)
  })

  it('takes a clock that was set back for what it is', () => {
    let aheadMs = 3_600_000
    const network = new Network({
      epochs: [makeEqual(4)],
      skewMs: (index) => (index === 0 ? aheadMs : 0),
    }).boot()
    network.run(6000)
    aheadMs = 0
    network.node(3).crash()
    network.run(20_000)
    // With member 3 gone, the three others must agree, the one that was ahead among them.
    const { round } = network.node(1).finals.at(-1)?.block.header ?? { round: 0 }
    ok(round >= network.roundNow() - 1, `round ${round} of ${network.roundNow()}`)
  })
})

describe('agreement whatever happens', () => {
  it('is safe and comes back under loss, delay, crashes and liars up to f', () => {
    fc.assert(
      fc.property(
        fc.record({
          weights: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 6 }),
          loss: fc.constantFrom(0, 0.1, 0.3),
          jitterMs: fc.constantFrom(5, 60, 250),
          seed: fc.integer({ min: 1, max: 2_000_000_000 }),
        }),
        ({ weights, loss, jitterMs, seed }) => {
          const random = makeRandom(seed)
          const pick = (count: number) => Math.floor(random() * count)
          const context = makeContext(weights.map((weight) => ({ weight })))
          let isHealed = false
          const network = new Network({
            epochs: [context],
            latencyMs: () => 2 + pick(isHealed ? 20 : jitterMs),
            deliver: () => isHealed || random() >= loss,
          }).boot()
          const liars = chooseLiars(weights, context.faulty)
          scheduleLies(network, liars, { random, pick })
          for (let turn = 0; turn < 15; turn++) {
            network.run(500 + pick(1000))
            const node = network.node(pick(weights.length))
            if (random() < 0.5) continue
            if (node.isUp) node.crash()
            else node.boot()
          }
          isHealed = true
          for (const node of network.nodes) if (!node.isUp) node.boot()
          network.run(30_000)
          for (const node of network.nodes) {
            if (liars.has(node.index)) continue
            deepEqual(node.alarms, [])
            const round = node.disk.final?.header.round ?? 0
            ok(round >= network.roundNow() - 6, `round ${round} of ${network.roundNow()}`)
          }
        },
      ),
      { numRuns: 8, seed: 1 },
    )
  }).timeout(30_000)
})

/** Numbers in [0, 1) that follow from a seed (Lehmer, as in MINSTD). */
function makeRandom(seed: number): () => number {
  let state = seed % 2_147_483_647
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (let index = 0; index < 5; index++) random()
  return random
}

/** As many of the first members as f allows. */
function chooseLiars(weights: readonly number[], faulty: number): ReadonlySet<number> {
  const liars = new Set<number>()
  let weight = 0
  for (const [index, own] of weights.entries()) {
    if (weight + own > faulty) break
    weight += own
    liars.add(index)
  }
  return liars
}

/** Liars show different votes and proposals to different nodes, about views that matter. */
function scheduleLies(
  network: Network,
  liars: ReadonlySet<number>,
  { random, pick }: { random: () => number; pick: (count: number) => number },
): void {
  const context = network.contextOf(0)
  const seen: Proposal[] = []
  const lie = () => {
    for (const liar of liars) {
      const { view } = network.node(pick(network.nodes.length)).status
      for (const { disk } of network.nodes) {
        seen.push(...disk.proposals.slice(-1).map(({ message }) => message))
      }
      const proposal = seen[pick(seen.length)]
      if (proposal === undefined) continue
      const kind = 1 + pick(3)
      const isNullify = kind === voteKinds.nullify
      const vote = signVote(context, {
        epoch: context.epoch,
        view: Math.max(1, view + pick(4) - 2) as View,
        kind,
        member: liar as MemberIndex,
        header: isNullify
          ? (new Uint8Array(32) as Digest)
          : getHeaderDigest(context.networkId, proposal.block.header),
      })
      const others = network.nodes.filter(({ index }) => index !== liar && random() < 0.5)
      for (const { index } of others) network.sendTo(liar, index, { kind: 'vote', message: vote })
      if (view % network.nodes.length !== liar) continue
      const parentView = Math.max(0, view - 1 - pick(2)) as View
      const member = liar as MemberIndex
      const message = signProposal(context, { ...proposal, view, member, parentView })
      for (const { index } of others) network.sendTo(liar, index, { kind: 'proposal', message })
    }
    network.at((network.nowMs + 50 + pick(300)) as UnixMs, lie)
  }
  lie()
}
