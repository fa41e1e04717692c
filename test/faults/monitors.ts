import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { Lab } from './lab.ts'

const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/watchfire.js', import.meta.url))
const STOP_MS_MAX = 20_000
const LOG_CHARS_SHOWN = 2000

/** One member of the network, whose process comes and goes. */
export interface Monitor {
  readonly index: number
  readonly id: string
  readonly dataDir: string
  readonly api: string
  /** Whether a process of it is running that was not told to end. */
  isUp(): boolean
  start(): void
  /** `kill -9`; settles once the kernel has taken it down. */
  kill(): Promise<void>
  /** SIGTERM. @returns how it ended */
  stop(): Promise<string>
  /** Waits until it ends by itself, which is expected. @returns how, and the last of what it said */
  awaitEnd(withinMs: number): Promise<string>
}

/** The members of a run, set up by the command as operators do it. */
export interface Monitors {
  readonly list: readonly Monitor[]
  readonly manifestFile: string
  /** Processes that ended although nobody killed them, with the end of what they said. */
  readonly deaths: readonly string[]
  close(): Promise<void>
}

export interface MonitorsOptions {
  readonly dir: string
  readonly lab: Lab
  readonly roundMs: number
  readonly targets: readonly Readonly<Record<string, unknown>>[]
}

/** Makes keys, manifest and configurations. */
export async function makeMonitors(options: MonitorsOptions): Promise<Monitors> {
  const { dir, lab, roundMs, targets } = options
  const ids = lab.places.map((_, index) => `m${index + 1}`)
  const manifestFile = join(dir, 'network.yaml')
  const draft = join(dir, 'draft.yaml')
  const keys = await Promise.all(
    ids.map(async (id) => {
      const made = await runCommand('init', '--data-dir', join(dir, id), '--monitor', id, '--json')
      return JSON.parse(made) as { readonly publicKey: string; readonly peerId: string }
    }),
  )
  writeFileSync(draft, stringify({ name: 'faults', parameters: { roundMs, targets } }))
  const members = ids.flatMap((id, index) => ['--member', `${id}=${keys[index]?.publicKey}`])
  const origin = ['--origin', String(Date.now())]
  await runCommand('network', 'create', draft, ...members, ...origin, '--out', manifestFile)

  const lease = join(dir, 'lease.sock')
  const leases = await openLease(lease)
  const deaths: string[] = []
  mkdirSync(join(dir, 'logs'))
  const list = ids.map((id, index): Monitor => {
    const place = lab.places[index]
    if (place === undefined) throw new Error(`no place for ${id}`)
    const dataDir = join(dir, id)
    const config = join(dataDir, 'config.yaml')
    const bootstrap = keys.flatMap(({ peerId }, other) =>
      other === index ? [] : [`${lab.getAddress(index, other)}/p2p/${peerId}`],
    )
    writeFileSync(
      config,
      stringify({
        manifest: manifestFile,
        dataDir,
        monitor: id,
        p2p: { listen: [place.listen], bootstrap },
        http: place.http,
        probe: { allow: [lab.targetsBlock] },
      }),
    )
    const argv = [process.execPath, LAUNCHER, 'run', '--config', config, '--lease', lease]
    return makeMonitor(
      { index, id, dataDir, api: `http://${place.http.host}:${place.http.port}` },
      [...place.prefix, ...argv],
      join(dir, 'logs', `${id}.log`),
      deaths,
    )
  })
  return {
    list,
    manifestFile,
    deaths,
    async close() {
      await Promise.all(list.filter((each) => each.isUp()).map((each) => each.kill()))
      leases.close()
    },
  }
}

/** A socket that nodes hold open: whatever ends this process, they end with it. */
async function openLease(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).resume()
  })
  server.listen(path)
  await once(server, 'listening')
  return server.unref()
}

function makeMonitor(
  about: Pick<Monitor, 'index' | 'id' | 'dataDir' | 'api'>,
  argv: readonly string[],
  logFile: string,
  deaths: string[],
): Monitor {
  const [command = '', ...args] = argv
  let child: ChildProcess | undefined
  let expected: ((end: string) => void) | undefined
  const begin = () => {
    const log = openSync(logFile, 'a')
    const made = spawn(command, args, { stdio: ['ignore', log, log] })
    closeSync(log)
    child = made
    made.once('exit', (code, signal) => {
      if (child !== made) return
      child = undefined
      const said = readFileSync(logFile, 'utf8').slice(-LOG_CHARS_SHOWN)
      const end = `${signal ?? `exit ${code}`}: ${said}`
      if (expected === undefined) deaths.push(`${about.id} ended by itself: ${end}`)
      else expected(end)
    })
  }
  /** From here on its end is as it should be. */
  const send = async (signal: NodeJS.Signals): Promise<string> => {
    const ending = child
    if (ending === undefined) return 'not running'
    child = undefined
    const exit = once(ending, 'exit')
    ending.kill(signal)
    const late = setTimeout(() => ending.kill('SIGKILL'), STOP_MS_MAX)
    await exit
    clearTimeout(late)
    return ending.signalCode ?? `exit ${ending.exitCode}`
  }
  return {
    ...about,
    isUp: () => child !== undefined,
    start() {
      if (child === undefined) begin()
    },
    async kill() {
      await send('SIGKILL')
    },
    stop: () => send('SIGTERM'),
    awaitEnd(withinMs) {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const late = setTimeout(() => reject(new Error(`${about.id} goes on`)), withinMs)
      expected = resolve
      return promise.finally(() => {
        clearTimeout(late)
        expected = undefined
      })
    },
  }
}

/** Runs `watchfire …`. @returns its standard output */
async function runCommand(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
  })
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`watchfire ${args.join(' ')}: ${err}`)
  return out
}
