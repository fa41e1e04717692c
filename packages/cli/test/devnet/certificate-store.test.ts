import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeGenesisContext } from '@watchfire/attestation'
import { openCertificateStore } from '../../src/devnet/certificate-store.ts'
import { makeFile, makeManifest } from '../network-fixture.ts'

const manifest = makeManifest()
const context = makeGenesisContext(manifest)

describe('the certificate store of a devnet', () => {
  let dir: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-certificates-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  it('keeps a file a round, and takes up the newest that verifies', () => {
    const file = makeFile(manifest, [0, 1, 2], 7)
    const store = openCertificateStore(dir, context)
    assert.equal(store.last, undefined)
    const path = store.put(7, file)
    assert.deepEqual(new Uint8Array(readFileSync(path)), file)
    // A later file that proves nothing, and one that is none of its own.
    store.put(9, makeFile(manifest, [0, 1], 9))
    writeFileSync(join(dir, 'notes.txt'), '')
    assert.equal(openCertificateStore(dir, context).last?.round, 7)
    assert.equal(readdirSync(dir).length, 3)
  })
})
