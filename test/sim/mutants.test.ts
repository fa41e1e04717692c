import assert from 'node:assert/strict'
import { mutants } from './mutants.ts'
import { runTwice } from './run.ts'
import { drawScenario } from './scenario.ts'

/** Seeds tried: not every seed brings about what shows the bug. */
const SEEDS_MAX = 40

describe('The simulator finds a node that', function () {
  this.timeout(60_000)

  for (const mutant of mutants) {
    it(`${mutant.name} (${mutant.caughtBy})`, () => {
      const found = new Set<string>()
      const first = mutant.firstSeed ?? 1
      for (let seed = first; seed < first + SEEDS_MAX; seed++) {
        const scenario = drawScenario(seed, mutant.scenario)
        const { violations } = runTwice(scenario, () => ({
          seam: mutant.makeSeam(),
          ...(mutant.isAlone === true ? { checkers: [mutant.caughtBy] } : {}),
        }))
        for (const { checker } of violations) found.add(checker)
        if (found.has(mutant.caughtBy)) return
      }
      assert.fail(`${SEEDS_MAX} seeds show only: ${[...found].join()}`)
    })
  }
})
