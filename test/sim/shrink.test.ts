import assert from 'node:assert/strict'
import { applyCuts, isCut, listCuts } from './cuts.ts'
import { runScenario } from './run.ts'
import { describeFailure } from './failure.ts'
import { drawScenario } from './scenario.ts'
import { runSeed } from './seed-run.ts'
import { shrink } from './shrink.ts'
import { seamMutants } from './mutants/seam-mutants.ts'

const mutant = seamMutants.find(
  ({ name }) => name === 'publishes votes that its log has not flushed',
)
if (mutant === undefined) throw new Error('that mutant is gone')
const makeOptions = () => ({ seam: mutant.makeSeam(), checkers: ['durability' as const] })

describe('What went wrong in a seed', function () {
  this.timeout(60_000)

  it('is shown without all that it does not need', () => {
    const scenario = drawScenario(21, 'storm')
    assert.ok(scenario.faults.length > 3 && scenario.vices.size > 0)
    const shrunk = shrink(scenario, 'durability', makeOptions)
    assert.ok(shrunk !== undefined)
    // The bug shows in the first vote of any network.
    assert.deepEqual(listCuts(shrunk.scenario), [])
    assert.equal(shrunk.result.violations[0]?.checker, 'durability')
  })

  it('is seen again with what was cut left out, in the same way', () => {
    const scenario = drawScenario(21, 'storm')
    const shrunk = shrink(scenario, 'durability', makeOptions)
    assert.ok(shrunk !== undefined && shrunk.cuts.every(isCut))
    const again = runScenario(applyCuts(scenario, shrunk.cuts), makeOptions())
    assert.equal(again.traceHash, shrunk.result.traceHash)
  })

  it('keeps what it does need: a restart, for one who forgets at restarts', () => {
    const forgetful = seamMutants.find(({ name }) => name === 'attests again after a restart')
    if (forgetful === undefined) throw new Error('that mutant is gone')
    const makeForgetful = () => ({
      seam: forgetful.makeSeam(),
      checkers: ['double-signature' as const],
    })
    const seed = Array.from({ length: 60 }, (_, index) => index).find(
      (each) => runScenario(drawScenario(each, 'crashes'), makeForgetful()).violations.length > 0,
    )
    assert.ok(seed !== undefined)
    const scenario = drawScenario(seed, 'crashes')
    const shrunk = shrink(scenario, 'double-signature', makeForgetful)
    assert.ok(shrunk !== undefined)
    const { cuts } = shrunk
    const left = shrunk.scenario.faults.map(({ kind }) => kind)
    assert.ok(left.includes('crash') && left.length < scenario.faults.length, left.join())
    for (const cut of listCuts(scenario)) {
      if (cuts.includes(cut)) continue
      const { violations } = runScenario(applyCuts(scenario, [...cuts, cut]), makeForgetful())
      assert.deepEqual(violations, [], `${cut} could be taken out too`)
    }
  })

  it('is nothing where the seed shows nothing', () => {
    assert.equal(shrink(drawScenario(0, 'calm'), 'agreement'), undefined)
  })
})

describe('A failure', () => {
  it('is told with the command that draws its scenario again, with all that was asked for', () => {
    const asked = { vices: ['liar', 'selective'], members: 5 } as const
    const run = runSeed(drawScenario(3, 'byzantine', asked), false)
    const violations = [{ checker: 'agreement', detail: 'made up' }] as const
    const lines = describeFailure({ ...run, violations }).split('\n')
    const command = 'npm run sim -- --from 3 --seeds 1 --scenario byzantine'
    assert.equal(lines.at(-1), `replay: ${command} --vice liar,selective --members 5`)
  })
})

describe('A cut', () => {
  it('takes out one thing and leaves the rest as it was drawn', () => {
    for (let seed = 0; seed < 300; seed++) {
      const scenario = drawScenario(seed, 'storm')
      for (const cut of listCuts(scenario)) {
        assert.ok(isCut(cut), cut)
        const shorter = applyCuts(scenario, [cut])
        assert.notDeepEqual(shorter, scenario, cut)
        assert.deepEqual(shorter.founding, scenario.founding)
        const nodes = shorter.clockOffsetsMs.length
        for (const fault of shorter.faults) {
          if ('node' in fault) assert.ok(fault.node < nodes, `${seed} ${cut}`)
          if (fault.kind === 'partition') assert.equal(fault.sides.length, nodes)
        }
      }
    }
  })

  it('is known by its name', () => {
    for (const text of ['fault:3', 'vice:0', 'observers', 'weather', 'dead:1', 'clock:2']) {
      assert.ok(isCut(text), text)
    }
    for (const text of ['', 'fault', 'fault:', 'fault:x', 'vices:1', 'all']) assert.ok(!isCut(text))
  })
})
