import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeServerDir, stopServers } from '../chains/servers/lifetime.ts'
import { startServerProcess } from '../chains/servers/server-process.ts'
import { waitForStart } from '../chains/servers/wait.ts'

// What tests of chains start ends with them, in whatever way they end. The server is a shell with a
// child of its own; the suite that starts it is run by mocha as `npm run test:chains` runs it.

const root = fileURLToPath(new URL('../../', import.meta.url))
const servers = new URL('../chains/servers/', import.meta.url)
const SERVER = `{ command: 'sh', args: ['-c', 'sleep 600 & sleep 600'], logFile: join(dir, 'log') }`
const END_MS_MAX = 10_000

/** A shell, and two programs that it waits for. */
const PROCESSES = 3
/** A suite under way: mocha, the process of it that runs the tests, and what that has started. */
interface Run {
  readonly mocha: number
  readonly tests: number
  /** The server's process group. */
  readonly group: number
  readonly dir: string
  ended(): Promise<void>
}

describe('servers that tests of chains start', function () {
  this.timeout(60_000)
  let files: string
  before(() => {
    files = mkdtempSync(join(tmpdir(), 'watchfire-suites-'))
  })
  after(() => rmSync(files, { recursive: true, force: true }))

  let last: Run | undefined
  afterEach(() => {
    if (last === undefined) return
    for (const pid of [last.mocha, last.tests, -last.group]) end(pid)
  })

  /** @param rest - what it does once its server runs. @param hooks - what it does besides */
  async function startSuite(rest = '', hooks = ''): Promise<Run> {
    const file = join(files, 'suite.test.ts')
    const source = `
      import { join } from 'node:path'
      import { makeServerDir, stopServers } from '${new URL('lifetime.ts', servers)}'
      import { startServerProcess } from '${new URL('server-process.ts', servers)}'
      describe('a suite', () => {
        ${hooks}
        before(() => {
          const dir = makeServerDir('suite')
          const { pid: group } = startServerProcess(${SERVER})
          console.error(JSON.stringify({ tests: process.pid, group, dir }))
          ${rest}
        })
        it('waits', () => new Promise((resolve) => setTimeout(resolve, 600_000)))
      })`
    writeFileSync(file, source)
    const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js')
    const args = [mocha, '--config', join(root, '.mocharc.long.json'), file]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    const exited = once(child, 'exit')
    for await (const line of createInterface({ input: child.stderr })) {
      if (!line.startsWith('{')) continue
      child.stderr.resume()
      const started = JSON.parse(line) as Pick<Run, 'tests' | 'group' | 'dir'>
      last = { ...started, mocha: child.pid ?? 0, ended: async () => void (await exited) }
      return last
    }
    throw new Error('the suite did not start')
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    it(`end, and leave no file, after ${signal} to mocha`, async () => {
      const run = await startSuite()
      await until('the server', () => countGroup(run.group) === PROCESSES)
      process.kill(run.mocha, signal)
      await run.ended()
      await untilGone(run)
      await until('no directory', () => !existsSync(run.dir))
    })
  }

  it('end after SIGKILL to the process that runs the tests', async () => {
    const run = await startSuite()
    process.kill(run.tests, 'SIGKILL')
    await untilGone(run)
    rmSync(run.dir, { recursive: true })
  })

  it('end with a suite that forgets them, and with one whose start fails', async () => {
    for (const hooks of ['', 'after(stopServers)']) {
      const run = await startSuite(`throw new Error('no start')`, hooks)
      await run.ended()
      await untilGone(run)
      assert.ok(!existsSync(run.dir))
    }
  })

  it('are named with what they said if they end before they serve', async () => {
    const dir = makeServerDir('suite')
    const args = ['-c', 'echo no chain here; exit 3']
    const server = startServerProcess({ command: 'sh', args, logFile: join(dir, 'log') })
    const serve = () => Promise.reject(new Error('refused'))
    await assert.rejects(waitForStart(server, serve), /ended with exit code 3.*\n.*no chain here/)
    await stopServers()
    assert.ok(!existsSync(dir))
  })

  it('are named if there are none', () => {
    const logFile = join(files, 'log')
    assert.throws(
      () => startServerProcess({ command: 'no-such-chain', args: [], logFile }),
      /no-such-chain could not be started/,
    )
  })
})

/** Ends a process or a group, if it is there. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended, as it should have.
  }
}

/** Live processes of a group. */
function countGroup(group: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(itsGroup) === group && state !== 'Z'
    } catch {
      // It ended while they were listed.
      return false
    }
  }).length
}

function untilGone({ group }: Run): Promise<void> {
  return until(`no process of group ${group}`, () => countGroup(group) === 0)
}

async function until(what: string, test: () => boolean): Promise<void> {
  const endMs = performance.now() + END_MS_MAX
  while (!test()) {
    if (performance.now() > endMs) throw new Error(`waited ${END_MS_MAX} ms for ${what}`)
    await delay(50)
  }
}
