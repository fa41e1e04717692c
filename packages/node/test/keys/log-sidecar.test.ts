import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLogSidecar,
  findLogDoubt,
  openLogSidecar,
  readLogSidecar,
} from '../../src/keys/log-sidecar.ts'

const logId = 'ab'.repeat(16)

describe('log sidecar', () => {
  let directory = ''
  let file = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-sidecar-'))
    file = join(directory, 'monitor.log')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('says which log a key uses and how much that log held', () => {
    createLogSidecar(file)
    assert.deepEqual(readLogSidecar(file), { logId: undefined, count: 0 })
    const writer = openLogSidecar(file)
    writer.flush({ logId, count: 1 })
    writer.write({ logId, count: 1234567 })
    writer.close()
    assert.deepEqual(readLogSidecar(file), { logId, count: 1234567 })
  })

  it('that is missing or illegible says nothing', () => {
    assert.equal(readLogSidecar(file), undefined)
    writeFileSync(file, 'rubbish')
    assert.equal(readLogSidecar(file), undefined)
  })

  it('shows a log that is missing, another, or rolled back, and a key of unknown use', () => {
    const log = { logId, count: 10, isNew: false }
    assert.equal(findLogDoubt({ logId: undefined, count: 0 }, { ...log, isNew: true }), undefined)
    assert.equal(findLogDoubt({ logId, count: 10 }, log), undefined)
    assert.equal(findLogDoubt({ logId, count: 9 }, log), undefined)
    assert.equal(findLogDoubt({ logId, count: 11 }, log), 'log-rolled-back')
    assert.equal(findLogDoubt({ logId: '00', count: 1 }, log), 'log-replaced')
    assert.equal(findLogDoubt({ logId, count: 0 }, { ...log, isNew: true }), 'log-missing')
    assert.equal(findLogDoubt(undefined, log), 'key-of-unknown-use')
  })
})
