import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCommandLine, listProcesses, poll, root, startDevnet } from './devnet-run.ts'

describe('npm start with flags', function () {
  this.timeout(600_000)
  let dataDir: string

  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'watchfire-flags-'))
  })

  after(() => {
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('stops after so many certified rounds with exit code 0, and nothing is left running', async () => {
    const run = await startDevnet([
      '--monitors',
      '1',
      '--round',
      '1s',
      '--rounds',
      '2',
      '--data-dir',
      dataDir,
    ])
    assert.equal(run.network.nodes.length, 1)
    assert.match(run.stderr(), /warning: .* none may fail/, 'a warning below four monitors')
    const [code] = await once(run.child, 'exit')
    assert.equal(code, 0)
    assert.equal(run.certificates.length, 2)
    await poll(
      'all processes gone',
      10_000,
      () => listProcesses(dataDir),
      (pids) => pids.length === 0,
    )
  })

  it('goes on with the network of an existing data directory', async () => {
    const run = await startDevnet([
      '--monitors',
      '1',
      '--round',
      '1s',
      '--rounds',
      '1',
      '--data-dir',
      dataDir,
    ])
    const [code] = await once(run.child, 'exit')
    assert.equal(code, 0)
    assert.ok((run.certificates[0]?.height ?? 0) > 2, 'heights go on from the earlier run')
  })

  it('leaves nothing running when it is told to stop while its monitors are still loading', async () => {
    const at = join(dataDir, 'loading')
    const child = spawn('npm', ['start', '--silent', '--', '--data-dir', at], {
      cwd: root,
      stdio: 'ignore',
    })
    const exit = once(child, 'exit')
    const isMonitor = (pid: number) => / run --config /.test(getCommandLine(pid))
    while (!listProcesses(at).some(isMonitor))
      await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGTERM')
    assert.deepEqual(await exit, [143, null])
    assert.deepEqual(listProcesses(at).map(getCommandLine), [])
  })

  it('ends with exit code 1 when the deadline comes before the rounds', async () => {
    // Not by `startDevnet`: on a busy machine the deadline may come before the first line.
    const flags = ['--monitors', '1', '--round', '1s', '--rounds', '1000', '--deadline', '8s']
    const at = join(dataDir, 'deadline')
    const child = spawn('npm', ['start', '--silent', '--', ...flags, '--data-dir', at], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    const [code] = await once(child, 'close')
    assert.equal(code, 1, stderr)
    assert.match(stderr, /not done after 8 s, the deadline/)
    assert.deepEqual(listProcesses(at).map(getCommandLine), [])
  })
})
