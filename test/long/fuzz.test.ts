import assert from 'node:assert/strict'
import { readCorpus, toInputs } from '../fuzz/corpus.ts'
import { fuzzTarget } from '../fuzz/run-target.ts'
import type { FuzzTarget } from '../fuzz/target.ts'
import { fuzzTargets } from '../fuzz/targets.ts'

/** A tenth of what is run by hand (docs/fuzz.md). */
const INPUTS = 1_000_000
/** For each target, so that what is slow has as much time as what is not. */
const BUDGET_MS = 10_000
const SEED = 1_000_003
/** Those that take a hundred microseconds for an input bring the rest of the million. */
const FAST = ['decoders', 'evidence', 'view-certificates', 'canonical-params']

describe('Every boundary, fed a million inputs', () => {
  let total = 0

  async function feed(target: FuzzTarget, seed: number, inputs: number, budgetMs?: number) {
    const corpus = toInputs(readCorpus(target.name))
    const summary = await fuzzTarget(target, { seed, inputs, budgetMs, corpus })
    assert.deepEqual(summary.violations, [])
    total += summary.inputs
    return summary.inputs
  }

  for (const target of fuzzTargets) {
    it(`${target.name} holds`, async function () {
      this.timeout(6 * BUDGET_MS + 60_000)
      const inputs = await feed(target, SEED, INPUTS, BUDGET_MS)
      assert.ok(inputs > 100, `${inputs} inputs`)
    })
  }

  it('is a million in all', async function () {
    this.timeout(20 * 60_000)
    const fast = fuzzTargets.filter(({ name }) => FAST.includes(name))
    assert.equal(fast.length, FAST.length)
    const left = Math.max(0, Math.ceil((INPUTS - total) / fast.length))
    for (const target of fast) await feed(target, SEED + 1, left)
    assert.ok(total >= INPUTS, `${total} inputs`)
    console.log(`      ${total} inputs`)
  })
})
