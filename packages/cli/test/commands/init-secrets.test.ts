import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../run-cli.ts'

describe('watchfire init and secrets', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-secrets-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  it('prints no key that signs, nor writes one into the configuration', async () => {
    for (const json of [[], ['--json']]) {
      const dataDir = join(dir, `data${json.length}`)
      const { out, err, exitCode } = await runCli('init', '--data-dir', dataDir, ...json)
      assert.equal(exitCode, 0, err)
      const told = out + err + readFileSync(join(dataDir, 'config.yaml'), 'utf8')
      for (const name of ['monitor.key', 'peer.key']) {
        const seed = readFileSync(join(dataDir, 'keys', name), 'latin1').trim()
        assert.match(seed, /^[0-9a-f]{64}$/)
        assert.ok(!told.includes(seed), name)
        assert.ok(!told.includes(Buffer.from(seed, 'hex').toString('base64')), name)
      }
    }
  })
})
