import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setUp } from '../../src/devnet/setup.ts'
import { startTargets } from '../../src/devnet/targets.ts'

describe('targets of a devnet', function () {
  this.timeout(60_000)

  it('are not started once it ends: what began then would outlive it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'watchfire-targets-'))
    try {
      const setup = await setUp({ dataDir: join(dir, 'net') }, () => join(dir, 'lease'))
      const { serving, started } = startTargets(setup, AbortSignal.abort(new Error('it ended')))
      const ends = await Promise.allSettled([serving, started])
      assert.deepEqual(
        ends.map((end) => end.status === 'rejected' && String(end.reason)),
        ['Error: it ended', 'Error: it ended'],
      )
      // A process has a log from before it is spawned.
      assert.deepEqual(readdirSync(setup.layout.logs), [])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
