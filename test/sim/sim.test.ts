import assert from 'node:assert/strict'
import { runScenario, runTwice } from './run.ts'
import { drawScenario, type ScenarioName } from './scenario.ts'
import { describeFailure } from './failure.ts'
import { seamMutants } from './mutants/seam-mutants.ts'
import { runSeed } from './seed-run.ts'
import { runSeeds } from './seeds.ts'
import { soundSeam } from './world/seam.ts'

/** Wall time for seeds; on a slow or busy machine fewer of them run. */
const BUDGET_MS = 35_000
/** Fewer than this would show nothing: each kind of scenario several times. */
const SEEDS_MIN = 30
const SEEDS_MAX = 400

describe('Nodes in a simulated world', function () {
  this.timeout(240_000)

  it('agree, sign nothing twice and go on, whatever fails up to what may fail, twice in the same way', () => {
    const draw = (seed: number) => drawScenario(seed)
    const first = runSeeds({ first: 0, count: SEEDS_MIN, draw, failuresMax: 3 })
    const budgetMs = BUDGET_MS - first.elapsedMs
    const plan = { first: SEEDS_MIN, count: SEEDS_MAX - SEEDS_MIN, draw, budgetMs, failuresMax: 3 }
    const second = runSeeds(plan)
    const failures = [...first.failures, ...second.failures]
    assert.equal(failures.length, 0, failures.map((each) => describeFailure(each)).join('\n\n'))
    // A run in which nothing happens would pass too.
    const { rounds, faults, scenarios } = first.sums.read()
    assert.ok(rounds > SEEDS_MIN * 20, `only ${rounds} rounds`)
    for (const fault of ['power', 'kill', 'wipe', 'partition', 'lost-message', 'clock']) {
      assert.ok((faults[fault] ?? 0) > 0, `no ${fault} in ${SEEDS_MIN} seeds`)
    }
    // Three delays of the good weather, and none is longer than 30 ms.
    const { calm, 'dead-leader': deadLeader } = scenarios
    assert.equal(calm?.certified, calm?.due)
    assert.ok(calm !== undefined && calm.due > 0 && calm.delayMs.max <= 90, JSON.stringify(calm))
    assert.equal(deadLeader?.certifiedShare, 1)
  })

  it('may count a vote that an earlier life kept and did not come to send', () => {
    // Node 0 dies between keeping its vote and sending it; with that vote the block is notarized.
    const { violations } = runScenario(drawScenario(10_276, 'crashes'))
    assert.deepEqual(violations, [])
  })

  it('may take longer while blocks that left out rounds are not final, with clocks far apart', () => {
    // Member 1, mute after what its vice signed, attests neither round 29 nor 30, which are left out.
    const { violations } = runScenario(drawScenario(409_135, 'storm'))
    assert.deepEqual(violations, [])
  })

  it('may hold finalizations of blocks that are final only at nodes which are down just then', () => {
    // Node 0 comes back five blocks behind, and hears of them before it has them; who has them crashed.
    const { violations } = runScenario(drawScenario(500_692, 'storm'))
    assert.deepEqual(violations, [])
  })
})

describe('The second run of a seed', function () {
  this.timeout(60_000)

  // One bug that a checker sees while the world goes on, and one that is seen by looking from outside.
  const bugs: readonly (readonly [string, ScenarioName])[] = [
    ['votes for a block before it stored it', 'calm'],
    ['waits three times as long for a dead leader', 'dead-leader'],
  ]
  for (const [name, scenarioName] of bugs) {
    it(`has no checkers, which would see a node that ${name}`, () => {
      const mutant = seamMutants.find((each) => each.name === name)
      assert.ok(mutant, 'that mutant is gone')
      const scenario = drawScenario(1, scenarioName)
      const watched = runScenario(scenario, { seam: mutant.makeSeam() })
      assert.ok(watched.violations.some(({ checker }) => checker === mutant.caughtBy))
      // It is in the second run only, whose result is given where the traces differ.
      let runs = 0
      const result = runTwice(scenario, () => {
        runs += 1
        return { seam: runs === 1 ? soundSeam : mutant.makeSeam() }
      })
      assert.equal(runs, 2)
      assert.deepEqual(
        result.violations.map(({ checker }) => checker),
        ['determinism'],
      )
      assert.ok(result.rounds > 0)
      assert.deepEqual(result.certified, [], 'nothing takes the time either')
    })
  }

  it('is there only where it is asked for, and what it finds is told with the command that asks', () => {
    const scenario = drawScenario(1, 'calm')
    const mutant = seamMutants.find((each) => each.name === bugs[0]?.[0])
    assert.ok(mutant)
    const run = (isTwice: boolean) => {
      let runs = 0
      const result = runSeed(scenario, isTwice, () => {
        runs += 1
        return { seam: runs === 1 ? soundSeam : mutant.makeSeam() }
      })
      return { runs, result }
    }
    const once = run(false)
    assert.deepEqual([once.runs, once.result.violations], [1, []])
    const twice = run(true)
    assert.deepEqual([twice.runs, twice.result.violations.length], [2, 1])
    assert.match(describeFailure(twice.result), /--scenario calm --twice-every 1$/)
  })
})
