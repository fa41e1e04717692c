import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeBlocks, makeContext, makeManifestJson } from './support/chain-fixture.ts'
import { startFakeServer } from './support/fake-server.ts'

const packageDir = join(import.meta.dirname, '..')

describe('the example in the README', () => {
  it('runs as it stands and prints what it says', async () => {
    const readme = await readFile(join(packageDir, 'README.md'), 'utf8')
    const example = /```js\n([^]*?)```/.exec(readme)?.[1]
    assert.ok(example !== undefined)
    const server = await startFakeServer()
    const dir = await mkdtemp(join(tmpdir(), 'watchfire-readme-'))
    try {
      // A round of now, so that the state is fresh by the clock of the process that runs it.
      const manifest = makeManifestJson()
      manifest.parameters.originMs = Date.now() - 10_000
      await writeFile(join(dir, 'network.json'), JSON.stringify(manifest))
      const [block] = makeBlocks(makeContext(manifest), [5])
      assert.ok(block !== undefined)
      server.onStream = (stream) => {
        stream.certificate(block)
      }
      const code = example
        .replace('network.json', join(dir, 'network.json'))
        .replace('http://127.0.0.1:7802', server.url)
      assert.ok(code.includes(server.url) && code.includes(dir))
      const child = spawn(
        process.execPath,
        ['--conditions=watchfire-source', '--input-type=module', '--eval', code],
        { cwd: packageDir, stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let output = ''
      let complaints = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
      await new Promise<void>((resolve, reject) => {
        child.on('exit', () => reject(new Error(`it ended: ${output}${complaints}`)))
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          output += text
          if (output.includes('web: ')) resolve()
        })
      }).finally(() => child.kill('SIGKILL'))
      assert.equal(output, 'round 5, signed by m1, m2, m3\n  chain: up\n  web: up\n')
    } finally {
      await server.close()
      await rm(dir, { recursive: true })
    }
  })
})
