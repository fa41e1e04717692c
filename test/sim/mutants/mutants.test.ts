import assert from 'node:assert/strict'
import { checkerNames } from '../checkers/checker.ts'
import { huntAll } from './hunt-all.ts'
import type { SourceMutant } from './mutant.ts'
import { mutants } from './mutants.ts'
import { readMutated } from './mutated-sources.ts'
import { sourceMutants } from './source-mutants.ts'

// All of them are hunted by `npm run sim:mutants` and in `npm run check:long`; here a few, so that the
// hunt itself stays true.

describe('The mutants', function () {
  this.timeout(60_000)

  it('are at least forty, each under a name of its own', () => {
    assert.ok(mutants.length >= 40, `only ${mutants.length}`)
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length)
  })

  it('leave no checker without a bug that it is named for', () => {
    const named = new Set(mutants.map(({ caughtBy }) => caughtBy))
    assert.deepEqual(
      checkerNames.filter((name) => !named.has(name)),
      [],
    )
  })

  for (const mutant of sourceMutants) {
    it(`change what stands once in the source: ${mutant.name}`, () => {
      assert.ok(readMutated(mutant.edits).size > 0)
    })
  }

  it('cannot rot unseen: a fragment that is not there, or there twice, is an error', async () => {
    const [sound] = sourceMutants
    assert.ok(sound !== undefined)
    const file = 'packages/attestation/src/epoch-context.ts'
    for (const find of ['no such fragment', 'weightTotal']) {
      const edits = [{ file, find, replace: '' }]
      assert.throws(() => readMutated(edits), /times/u)
    }
    const unknown: SourceMutant = { ...sound, name: 'is in no table' }
    const [report] = await huntAll([unknown], 1)
    assert.equal(report?.fate, 'broken')
  })
})

describe('The simulator finds a node that', function () {
  this.timeout(120_000)

  for (const mutant of mutants.filter(({ isQuick }) => isQuick === true)) {
    it(`${mutant.name} (${mutant.caughtBy})`, async () => {
      const [report] = await huntAll([mutant], 1)
      assert.equal(report?.fate, 'killed', report?.detail)
    })
  }
})
