import assert from 'node:assert/strict'
import { runLog } from './log-run.ts'

const SEEDS = 80

describe('A vote log, whenever its process dies or the power goes', function () {
  this.timeout(60_000)

  it('keeps what left it, and lets nothing else in at a place', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      assert.deepEqual(runLog(seed), [], `seed ${seed}`)
    }
  })
})
