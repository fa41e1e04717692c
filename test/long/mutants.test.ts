import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { huntAll } from '../sim/mutants/hunt-all.ts'
import { mutants } from '../sim/mutants/mutants.ts'

describe('Mutants, all of them', () => {
  it('are each seen by the checker named for it, and nothing is seen without them', async () => {
    const reports = await huntAll(mutants, availableParallelism())
    const bad = reports.filter(({ fate }) => fate !== 'killed')
    const lines = bad.map(({ mutant, fate, detail }) => `${fate}: ${mutant.name}: ${detail}`)
    assert.equal(bad.length, 0, lines.join('\n'))
    assert.equal(reports.length, mutants.length)
  })
})
