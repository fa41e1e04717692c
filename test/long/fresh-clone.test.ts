import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const NOT_CLONED = new Set(['.git', '.nx', 'coverage', 'dist', 'node_modules', 'tmp'])

/** The machine's own PATH: without the folders that npm puts before it, and so with its own Node. */
function getMachinePath(): string {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((dir) => !/node_modules[/\\]\.bin$|node-gyp-bin$/.test(dir))
    .join(delimiter)
}

describe('a fresh clone, with nothing but the Node of the machine', () => {
  let clone: string

  function run(command: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: clone,
      encoding: 'utf8',
      env: { HOME: process.env['HOME'], PATH: getMachinePath(), CI: 'true' },
    })
    assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
    return stdout
  }

  before(() => {
    clone = mkdtempSync(join(tmpdir(), 'watchfire-clone-'))
    cpSync(root, clone, { recursive: true, filter: (path) => !NOT_CLONED.has(basename(path)) })
    run('npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts')
  })

  after(() => rmSync(clone, { recursive: true, force: true }))

  it('runs `npx watchfire` from its sources, before any build', () => {
    const text = readFileSync(join(root, 'packages/cli/package.json'), 'utf8')
    const { version } = JSON.parse(text) as { version: string }
    assert.equal(existsSync(join(clone, 'packages/cli/dist')), false)
    assert.equal(run('npx', 'watchfire', '--version'), `${version}\n`)
  })

  it('builds in every package through lerna', () => {
    run('npx', 'lerna', 'run', 'build')
    assert.equal(existsSync(join(clone, 'packages/cli/dist/main.js')), true)
  })
})
