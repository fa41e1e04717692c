import assert from 'node:assert/strict'
import { readCorpus, toInputs } from '../fuzz/corpus.ts'
import { fuzzTarget } from '../fuzz/run-target.ts'
import { fuzzTargets, getPart } from '../fuzz/targets.ts'

/** A tenth of what is run by hand (docs/fuzz.md), in at most three minutes. */
const INPUTS = 1_000_000
const BUDGET_MS = 180_000
const SEED = 1_000_003

describe('Every boundary, fed a million inputs', () => {
  // By time, each target has as much as another: what is slow would else have none.
  const budgetMs = BUDGET_MS / fuzzTargets.length
  for (const target of fuzzTargets) {
    it(`${target.name} holds`, async function () {
      this.timeout(4 * budgetMs + 60_000)
      const { violations, inputs } = await fuzzTarget(target, {
        seed: SEED,
        inputs: getPart(target, INPUTS),
        budgetMs,
        corpus: toInputs(readCorpus(target.name)),
      })
      assert.deepEqual(violations, [])
      assert.ok(inputs > 100, `${inputs} inputs`)
    })
  }
})
