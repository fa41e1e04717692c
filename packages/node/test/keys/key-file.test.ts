import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile, readKeyFile } from '../../src/keys/key-file.ts'
import { createMonitorKey, getDataPaths, readOrCreatePeerKey } from '../../src/keys/node-keys.ts'

describe('key file', () => {
  let directory = ''
  let file = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-keys-'))
    file = join(directory, 'keys', 'monitor.key')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('is made with mode 0600 in a directory of mode 0700, and read back as the same key', () => {
    const made = createKeyFile(file)
    assert.ok(made.ok)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(join(directory, 'keys')).mode & 0o777, 0o700)
    assert.match(readFileSync(file, 'latin1'), /^[0-9a-f]{64}\n$/)
    const read = readKeyFile(file)
    assert.ok(read.ok)
    assert.deepEqual(read.value, made.value)
  })

  it('is never written over', () => {
    const made = createKeyFile(file)
    const before = readFileSync(file)
    const again = createKeyFile(file)
    assert.ok(made.ok && !again.ok)
    assert.equal(again.code, 'key-exists')
    assert.deepEqual(readFileSync(file), before)
  })

  for (const mode of [0o640, 0o604, 0o660, 0o622])
    it(`is refused with mode ${mode.toString(8)}`, () => {
      createKeyFile(file)
      chmodSync(file, mode)
      const read = readKeyFile(file)
      assert.ok(!read.ok)
      assert.equal(read.code, 'key-readable-by-others')
      assert.match(read.detail, /chmod 600/)
    })

  it('is refused in a directory that others can enter', () => {
    createKeyFile(file)
    chmodSync(join(directory, 'keys'), 0o755)
    const read = readKeyFile(file)
    assert.ok(!read.ok)
    assert.equal(read.code, 'key-readable-by-others')
    assert.match(read.detail, /chmod 700/)
  })

  it('is refused when it holds anything but 64 hex digits', () => {
    createKeyFile(file)
    for (const text of ['', 'ab', `${'g'.repeat(64)}\n`, `${'a'.repeat(65)}\n`]) {
      writeFileSync(file, text)
      const read = readKeyFile(file)
      assert.ok(!read.ok)
      assert.equal(read.code, 'key-malformed')
      assert.doesNotMatch(read.detail, /aaaa|gggg/)
    }
  })

  it('says so when it is missing', () => {
    const read = readKeyFile(file)
    assert.ok(!read.ok)
    assert.equal(read.code, 'key-missing')
  })

  it('of a peer is made when missing, that of a monitor with a mark that it was never used', () => {
    const peer = readOrCreatePeerKey(directory)
    const again = readOrCreatePeerKey(directory)
    assert.ok(peer.ok && again.ok)
    assert.deepEqual(again.value, peer.value)
    const monitor = createMonitorKey(directory)
    assert.ok(monitor.ok)
    assert.match(readFileSync(getDataPaths(directory).logSidecar, 'latin1'), /^0{32} 0{16}\n$/)
  })
})
