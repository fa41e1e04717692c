import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageFault } from '../../src/ports.ts'
import { openChainStore } from '../../src/store/chain-store.ts'
import { makeAttestation, makeContext, makeFinal } from '../fixtures.ts'
import { describeStore } from './store-suite.ts'

let directory = ''
const bounds = {
  attestationRounds: 1000,
  attestationBytesMax: 1e9,
  stateHeights: 1000,
  stateBytesMax: 1e9,
}

describe('chain store', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-store-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  describeStore('SQLite', (given) => {
    const path = join(directory, 'chain.db')
    const store = openChainStore(path, given)
    return {
      store,
      reopen() {
        store.close()
        return openChainStore(path, given)
      },
    }
  })

  it('is in WAL mode, so that peers read while the loop writes', () => {
    const path = join(directory, 'chain.db')
    openChainStore(path, bounds).close()
    const database = new DatabaseSync(path)
    assert.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    database.close()
  })

  it('flushes what a killed process had written before it is believed', () => {
    const path = join(directory, 'chain.db')
    const killed = join(directory, 'killed.db')
    const store = openChainStore(path, bounds)
    store.put({ finals: [makeFinal(makeContext(), 1)] })
    // What the kernel holds of a process that could not close its database.
    for (const file of ['', '-wal']) copyFileSync(path + file, killed + file)
    store.close()
    assert.ok(statSync(`${killed}-wal`).size > 0, 'the write is in the log alone')
    const again = openChainStore(killed, bounds)
    assert.equal(again.getFinalTip()?.header.height, 1)
    assert.equal(statSync(`${killed}-wal`).size, 0, 'nothing is left that was not flushed')
    again.close()
  })

  it('says that the disk is full, keeps nothing of that write and all of those before', () => {
    const context = makeContext()
    const path = join(directory, 'chain.db')
    const store = openChainStore(path, { ...bounds, pagesMax: 40 })
    store.put({ finals: [makeFinal(context, 1)] })
    const many = Array.from({ length: 1000 }, (_, i) => makeAttestation(context, 0, i + 1)).slice()
    assert.throws(
      () => store.put({ attestations: many, finals: [makeFinal(context, 2)] }),
      (error) => error instanceof StorageFault && error.code === 'disk-full',
    )
    assert.equal(store.getFinalTip()?.header.height, 1)
    assert.equal(store.listAttestations({ limit: 10 }).length, 0)
    store.close()
    const again = openChainStore(path, bounds)
    assert.equal(again.getFinalTip()?.header.height, 1)
    again.close()
  })

  it('refuses a database that a later release made', () => {
    const path = join(directory, 'chain.db')
    openChainStore(path, bounds).close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 1000')
    database.close()
    assert.throws(
      () => openChainStore(path, bounds),
      (error) => error instanceof StorageFault && error.code === 'newer-format',
    )
  })

  it('refuses a file that is no database, and a directory that is not there', () => {
    const path = join(directory, 'chain.db')
    writeFileSync(
      path,
      'not a database, though longer than the header of one would have to be'.repeat(9),
    )
    assert.throws(
      () => openChainStore(path, bounds),
      (error) => error instanceof StorageFault && error.code === 'corrupt',
    )
    assert.throws(
      () => openChainStore(join(directory, 'none', 'chain.db'), bounds),
      (error) => error instanceof StorageFault && error.code === 'write-failed',
    )
  })
})
