import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { callChainForHex } from '../../src/devnet/chain-rpc.ts'
import { FEED_ADDRESS } from '../../src/devnet/price-feed-contract.ts'

const fixture = fileURLToPath(new URL('devnet-fixture.ts', import.meta.url))
const WAIT_MS = 20_000

interface Said {
  readonly targets: readonly {
    readonly id: string
    readonly pid: number
    readonly start: string[]
  }[]
  readonly ports: { readonly chain: number }
  readonly lease: string
}

/** Real processes: what is tested is what the kernel does when they are killed. */
describe('a devnet without nodes', function () {
  this.timeout(60_000)
  let dir: string
  let devnet: ChildProcess | undefined
  let lease: string | undefined

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-lease-test-'))
  })
  afterEach(async () => {
    // Its warden ends the rest.
    devnet?.kill('SIGKILL')
    await until('nothing is left', () => listProcesses(lease ?? dir).length === 0)
    rmSync(dir, { recursive: true })
  })

  async function start(): Promise<Said> {
    const argv = ['--conditions=watchfire-source', fixture, dir]
    devnet = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const { stdout } = devnet
    if (stdout === null) throw new Error('no stdout')
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: stdout }).once('line', resolve)
      devnet?.once('exit', (code) => reject(new Error(`the fixture ended: ${code}`)))
    })
    const said = JSON.parse(line) as Said
    lease = said.lease
    return said
  }

  it('leaves no process behind when it is killed, stopped and restarted targets among them', async () => {
    const said = await start()
    const http = find(said, 'http')
    const tcp = find(said, 'tcp')
    process.kill(http.pid, 'SIGSTOP')
    process.kill(tcp.pid, 'SIGKILL')
    const again = await restart(tcp.start)
    assert.equal(said.targets.filter(({ pid }) => isAlive(pid)).length, 4)

    devnet?.kill('SIGKILL')
    const pids = [...said.targets.map(({ pid }) => pid), again.pid]
    await until('every target has ended', () => !pids.some((pid) => isAlive(pid)))
    await until(
      'its warden and its helpers have ended',
      () => listProcesses(said.lease).length === 0,
    )
    await until('its socket is gone', () => !existsSync(said.lease))
  })

  it('leaves no process behind when it ends by itself, and starts nothing for a devnet that has ended', async () => {
    const said = await start()
    assert.ok(listProcesses(said.lease).length > 0)
    const tls = find(said, 'tls')
    devnet?.kill('SIGTERM')
    await until('every target has ended', () => !said.targets.some(({ pid }) => isAlive(pid)))
    await until(
      'its warden and its helpers have ended',
      () => listProcesses(said.lease).length === 0,
    )

    const late = spawn(tls.start[0] ?? '', tls.start.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const chunks: Buffer[] = []
    late.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const code = await new Promise((resolve) => late.once('close', resolve))
    assert.equal(code, 1)
    assert.match(
      Buffer.concat(chunks).toString(),
      /^the devnet that this belongs to has ended[^\n]*\n$/,
    )
  })

  it('keeps the contract and its history over a SIGKILL of the chain, and the feed is updated again', async () => {
    const said = await start()
    const url = `http://127.0.0.1:${said.ports.chain}`
    const getFeedRound = async () => {
      const call = { to: FEED_ADDRESS, data: '0xfeaf968c' }
      const answer = await callChainForHex(url, 'eth_call', [call, 'latest'])
      return Number(BigInt(answer.slice(0, 66)))
    }
    await until('the feed moves', async () => (await getFeedRound()) >= 3)
    const before = await getFeedRound()

    process.kill(find(said, 'chain').pid, 'SIGKILL')
    await until('the chain is away', () =>
      getFeedRound().then(
        () => false,
        () => true,
      ),
    )
    await restart(find(said, 'chain').start)
    let round = 0
    await until('the chain answers', async () => {
      round = await getFeedRound()
      return true
    })
    // A second of it may be lost; a contract deployed anew would begin at 1.
    assert.ok(round >= before - 2, `round ${round} after ${before}`)
    await until('the feed is updated again', async () => (await getFeedRound()) > round)
  })
})

/** Starts a target by its command line, and waits until it says that it serves. */
async function restart(start: readonly string[]): Promise<{ pid: number }> {
  const child = spawn(start[0] ?? '', start.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve(JSON.parse(line) as { pid: number })
    })
    child.once('exit', (code) => reject(new Error(`it ended: ${code}`)))
  })
}

function find(said: Said, id: string): Said['targets'][number] {
  const target = said.targets.find((each) => each.id === id)
  if (target === undefined) throw new Error(`no target ${id}`)
  return target
}

/** Whether a process runs, or is stopped; one that only waits to be reaped does neither. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (!existsSync('/proc/self/stat')) return true
  return !/^\d+ \(.*\) Z /s.test(readProc(pid, 'stat'))
}

/** Processes whose command line names a path: with the lease, targets, nodes, helpers, the warden. */
function listProcesses(path: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && readProc(pid, 'cmdline').includes(path))
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS
  let last: unknown
  for (;;) {
    try {
      if (await holds()) return
    } catch (error) {
      last = error
    }
    if (performance.now() > deadlineMs) throw new Error(`not so in time: ${what}`, { cause: last })
    await delay(50)
  }
}
