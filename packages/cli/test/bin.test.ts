import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageDir = fileURLToPath(new URL('..', import.meta.url))
const version = (
  JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string }
).version

describe('bin/watchfire.js', () => {
  it('runs the command line', () => {
    const bin = join(packageDir, 'bin/watchfire.js')
    const stdout = execFileSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })
    assert.equal(stdout, `${version}\n`)
  })

  it('runs from the sources where nothing was built', () => {
    const dir = mkdtempSync(join(tmpdir(), 'watchfire-bin-'))
    try {
      for (const entry of ['bin', 'src', 'package.json']) {
        cpSync(join(packageDir, entry), join(dir, entry), { recursive: true })
      }
      symlinkSync(join(packageDir, '../../node_modules'), join(dir, 'node_modules'))
      const stdout = execFileSync(process.execPath, [join(dir, 'bin/watchfire.js'), '--version'], {
        encoding: 'utf8',
      })
      assert.equal(stdout, `${version}\n`)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('says in one line that the Node version is too old and exits 78', () => {
    const old = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`
    const bin = join(packageDir, 'bin/watchfire.js')
    const run = spawnSync(process.execPath, ['--import', old, bin, '--version'], {
      encoding: 'utf8',
    })
    assert.equal(run.status, 78)
    assert.equal(run.stdout, '')
    assert.match(run.stderr, /^watchfire needs Node 24 or later; [^\n]*\n$/)
  })
})
