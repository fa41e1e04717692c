import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, getPublicKey, toHex } from '@watchfire/attestation'
import { loadNodeConfig } from '@watchfire/node'
import { runCli } from '../run-cli.ts'

describe('watchfire init', () => {
  let base: string
  let dir: string

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'watchfire-init-'))
    dir = join(base, 'node')
  })
  afterEach(() => rmSync(base, { recursive: true }))

  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

  it('makes a private data directory, and prints the public key for the manifest', async () => {
    const { out, exitCode } = await runCli('init', '--data-dir', dir, '--monitor', 'm1')
    assert.equal(exitCode, 0)
    assert.equal(mode(dir), '700')
    assert.equal(mode(join(dir, 'keys')), '700')
    assert.equal(mode(join(dir, 'keys/monitor.key')), '600')
    assert.equal(mode(join(dir, 'keys/peer.key')), '600')
    const seed = fromHex(readFileSync(join(dir, 'keys/monitor.key'), 'utf8').trim())
    assert.equal(out, `${toHex(getPublicKey(seed))}\n`)
  })

  it('writes a configuration that the node accepts', async () => {
    const manifest = join(base, 'network.yaml')
    await runCli('init', '--data-dir', dir, '--monitor', 'm1', '--manifest', manifest)
    const loaded = loadNodeConfig(join(dir, 'config.yaml'))
    assert.ok(loaded.ok)
    assert.equal(loaded.config.monitor, 'm1')
    assert.equal(loaded.config.manifest, manifest)
    assert.equal(loaded.config.dataDir, dir)
  })

  it('prints one JSON object with --json', async () => {
    const { out } = await runCli('init', '--data-dir', dir, '--json')
    const answer = JSON.parse(out) as Record<string, string>
    assert.match(answer['publicKey'] ?? '', /^[0-9a-f]{64}$/)
    assert.match(answer['peerId'] ?? '', /^12D3KooW/)
    assert.equal(answer['config'], join(dir, 'config.yaml'))
  })

  it('refuses to write over what is there', async () => {
    await runCli('init', '--data-dir', dir)
    const key = readFileSync(join(dir, 'keys/monitor.key'), 'utf8')
    const again = await runCli('init', '--data-dir', dir)
    assert.equal(again.exitCode, 1)
    assert.match(again.err, /config\.yaml exists already; it is not written over\n$/)
    rmSync(join(dir, 'config.yaml'))
    const third = await runCli('init', '--data-dir', dir)
    assert.equal(third.exitCode, 1)
    assert.match(third.err, /monitor\.key exists already/)
    assert.equal(readFileSync(join(dir, 'keys/monitor.key'), 'utf8'), key)
  })
})
