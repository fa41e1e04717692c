import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Epoch, Round } from '@watchfire/attestation'
import { makeLogDisk } from '../../src/store/log-disk.ts'
import { openVoteLog } from '../../src/store/vote-log.ts'

const writer = join(import.meta.dirname, 'log-writer.ts')

describe('vote log of a process that is killed while it writes', function () {
  this.timeout(30_000)
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-votes-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('holds all that the process said was kept, kill after kill', async () => {
    let from = 1
    for (const linesBeforeKill of [1, 60, 500, 7]) {
      const child = spawn(
        process.execPath,
        ['--conditions=watchfire-source', writer, directory, String(from)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.split('\n').length > linesBeforeKill) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const last = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1))
      assert.ok(last >= from)

      const { log } = openVoteLog(makeLogDisk(directory))
      const held = log.listAttestations(0 as Epoch, 1 as Round)
      const newest = held.at(-1)?.place
      assert.ok(newest?.kind === 'attestation')
      // One append may have been kept and not said any more.
      assert.ok(newest.round === last || newest.round === last + 1, `${newest.round} ${last}`)
      for (const { place, bytes } of held) {
        assert.ok(place.kind === 'attestation')
        assert.equal(bytes.length, 50 + (place.round % 400))
        assert.ok(bytes.every((byte) => byte === place.round % 251))
      }
      // Nothing is missing between what compaction dropped and the newest.
      const [oldest] = held
      assert.ok(oldest?.place.kind === 'attestation')
      assert.equal(held.length, newest.round - oldest.place.round + 1)
      assert.equal(log.count, newest.round)
      from = newest.round + 1
      log.close()
    }
  })
})
