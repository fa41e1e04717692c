import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** A server under test, a process of its own. */
export interface ServerProcess {
  readonly pid: number
  /** What it has written so far, at most the last 64 KiB. */
  log(): string
  /** It answers no more, but keeps its connections. */
  freeze(): void
  thaw(): void
  /** Ends it: SIGTERM first, unless `isKill`. */
  stop(isKill?: boolean): Promise<void>
}

export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** What was started and has not ended; a run that is cut short leaves none of it behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const STOP_MS = 10_000
const LOG_BYTES_MAX = 65_536

/** Starts a server; it may not serve yet. It ends with the tests, however they end. */
export function startServerProcess(start: ServerCommand): ServerProcess {
  const { command, args, logFile, cwd, env } = start
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  })
  closeSync(log)
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started`)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return {
    pid,
    log: () => readFileSync(logFile, 'utf8').slice(-LOG_BYTES_MAX),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: (isKill = false) => stop(child, isKill),
  }
}

async function stop(child: ChildProcess, isKill: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(isKill ? 'SIGKILL' : 'SIGTERM')
  // One that is frozen hears of SIGTERM only then.
  child.kill('SIGCONT')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(timer)
}
