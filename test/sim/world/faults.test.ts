import assert from 'node:assert/strict'
import type { Epoch, Round } from '@watchfire/attestation'
import { runScenario } from '../run.ts'
import type { Fault } from '../faults.ts'
import { drawScenario, getFaultyWeight, type Scenario } from '../scenario.ts'
import { applyCuts, listCuts } from '../cuts.ts'
import { EventQueue } from './event-queue.ts'
import { ORIGIN_MS } from './founding.ts'
import { goodWeather, SimNetwork } from './network.ts'
import { Prng } from './prng.ts'

// Each fault on its own, seen at its work in a world in which nothing else goes wrong.

/** Eight bad rounds and more, of which `faults` are all that is bad. */
function makeScenario(faults: readonly Fault[]): Scenario {
  return {
    ...drawScenario(3, 'dead-leader'),
    dead: new Set(),
    name: 'partition',
    faults,
    goodFromMs: ORIGIN_MS + 10_000,
    endMs: ORIGIN_MS + 34_000,
  }
}

describe('A disk', function () {
  this.timeout(30_000)

  for (const how of ['full', 'failed-write', 'failed-flush'] as const) {
    it(`stops its node while it is ${how}, which signs nothing until it is good again, and then does`, () => {
      const [fromMs, forMs] = [ORIGIN_MS + 3000, 4000]
      const fault: Fault = { kind: 'disk', atMs: fromMs, node: 0, how, forMs }
      const { violations, faults, nodes } = runScenario(makeScenario([fault]))
      assert.deepEqual(violations, [])
      const stops = faults[how === 'full' ? 'stop-disk-full' : 'stop-write-failed'] ?? 0
      assert.ok(stops > 1, `${stops} stops`)
      const kept = nodes[0]?.identity?.log.listAttestations(0 as Epoch, 0 as Round) ?? []
      const rounds: number[] = kept.map(({ place }) =>
        place.kind === 'attestation' ? place.round : -1,
      )
      assert.deepEqual(
        rounds.filter((round) => round >= 4 && round < 7),
        [],
      )
      assert.ok(rounds.includes(2) && rounds.includes(9), rounds.join())
    })
  }
})

describe('A link that carries nothing one way', function () {
  this.timeout(30_000)

  it('is whole the other way, and its loss takes nothing from agreement', () => {
    const fault: Fault = { kind: 'one-way', atMs: ORIGIN_MS + 1000, from: 0, to: 1, forMs: 5000 }
    const { violations, faults, network } = runScenario(makeScenario([fault]))
    assert.deepEqual(violations, [])
    assert.equal(faults['one-way'], 1)
    assert.ok(network.cut > 10, `${network.cut} cut`)
  })

  it('delivers from the one who does not hear', () => {
    const queue = new EventQueue(0)
    const network = new SimNetwork(queue, new Prng(1, 'network'), goodWeather)
    const seen: string[] = []
    network.breakLink(0, 1)
    network.send(0, 1, () => seen.push('0>1'))
    network.send(1, 0, () => seen.push('1>0'))
    queue.runUntil(100)
    assert.deepEqual(seen, ['1>0'])
  })
})

describe('A byte changed on its way', function () {
  this.timeout(30_000)

  it('is refused wherever it comes, and nobody honest is accused of it', () => {
    const scenario = { ...makeScenario([]), weather: { ...goodWeather, corruptPerMille: 50 } }
    const { violations, faults, network } = runScenario(scenario)
    assert.deepEqual(violations, [])
    assert.ok(network.damaged > 20, `${network.damaged} damaged`)
    assert.ok((faults['refused-damaged-message'] ?? 0) > 5)
  })
})

describe('A clock that drifts', function () {
  this.timeout(30_000)

  it('goes further off with every round, and agreement goes on', () => {
    const plain = makeScenario([])
    const driftsPpm = plain.clockOffsetsMs.map((_, node) => (node === 1 ? -1000 : 0))
    const { violations, faults, nodes } = runScenario({ ...plain, driftsPpm })
    assert.deepEqual(violations, [])
    assert.equal(faults['drift'], 1)
    const offsetMs = nodes[1]?.clockOffsetMs ?? 0
    assert.ok(offsetMs <= -34 && offsetMs >= -36, `off by ${offsetMs} ms`)
  })
})

describe('A node that is slow', function () {
  this.timeout(30_000)

  it('takes its messages late for a while, and is abreast again afterwards', () => {
    const slow: Fault = { kind: 'slow', atMs: ORIGIN_MS + 1000, node: 2, costMs: 60, forMs: 5000 }
    const { violations, faults } = runScenario(makeScenario([slow]))
    assert.deepEqual(violations, [])
    assert.equal(faults['slow'], 1)
    assert.ok((faults['slowed-message'] ?? 0) > 20)
  })
})

describe('A late joiner', function () {
  this.timeout(30_000)

  it('signs nothing before it starts, and is as far as the others in the end', () => {
    const join: Fault = { kind: 'join', atMs: ORIGIN_MS + 6000, node: 1 }
    const { violations, faults, nodes } = runScenario(makeScenario([join]))
    assert.deepEqual(violations, [])
    assert.equal(faults['join'], 1)
    const [first] = nodes[1]?.identity?.log.listAttestations(0 as Epoch, 0 as Round) ?? []
    assert.ok(first?.place.kind === 'attestation' && first.place.round >= 6)
    const heights = nodes.map(({ status }) => status?.finalHeight ?? 0)
    assert.ok(Math.max(...heights) - (heights[1] ?? 0) <= 1, heights.join())
  })
})

describe('A drawn scenario', () => {
  it('has 11 to 31 members where it is large, and now and then elsewhere', () => {
    const countMembers = (seed: number, name: 'large' | 'lossy') =>
      drawScenario(seed, name).founding.weights.length
    const large = Array.from({ length: 60 }, (_, seed) => countMembers(seed, 'large'))
    assert.ok(Math.min(...large) >= 11 && Math.max(...large) === 31, large.join())
    const others = Array.from({ length: 600 }, (_, seed) => countMembers(seed, 'lossy'))
    const share = others.filter((members) => members > 7).length
    assert.ok(share > 0 && share < 30, `${share} of 600`)
  })

  it('has as many members as are asked for, of whom none who may fail outweighs what may', () => {
    for (const members of [4, 9, 31]) {
      for (let seed = 0; seed < 200; seed++) {
        const { founding, vices, dead } = drawScenario(seed, undefined, { members })
        for (const weights of [founding.weights, founding.handover?.weights ?? founding.weights]) {
          assert.equal(weights.length, members, `seed ${seed}`)
          const failing = [...vices.keys(), ...dead].map((member) => weights[member] ?? 0)
          const together = failing.reduce((sum, weight) => sum + weight, 0)
          assert.ok(together <= getFaultyWeight(weights), `seed ${seed}`)
        }
      }
    }
  })

  it('may lose each of its drifts and one-way links', () => {
    const scenario = drawScenario(104, 'storm')
    const without = applyCuts(scenario, listCuts(scenario))
    assert.ok(without.driftsPpm.every((ppm) => ppm === 0))
    assert.deepEqual(without.faults, [])
    assert.ok(scenario.driftsPpm.some((ppm) => ppm !== 0))
    assert.ok(scenario.faults.some(({ kind }) => kind === 'one-way'))
  })
})
