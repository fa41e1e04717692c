import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { keep } from './lifetime.ts'

/** A server under test, with all that it starts: a process group of its own. */
export interface ServerProcess {
  readonly pid: number
  /** What it has written so far, at most the last 64 KiB. */
  log(): string
  /** How it ended; undefined while it has not. */
  ending(): string | undefined
  /** It answers no more, but keeps its connections. */
  freeze(): void
  thaw(): void
  /** Ends it: SIGTERM first, unless `isKill`. What it started ends with it. */
  stop(isKill?: boolean): Promise<void>
}

export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Called when it has ended, whyever. */
  readonly onEnd?: () => void
}

const STOP_MS = 10_000
const LOG_BYTES_MAX = 65_536

/** Starts a server; it may not serve yet. It ends with the suite, or with the tests. */
export function startServerProcess(start: ServerCommand): ServerProcess {
  const { command, args, logFile, cwd, env, onEnd } = start
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  })
  closeSync(log)
  // Of a command that is not there, which shows by its lack of a process.
  child.once('error', () => {})
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started`)
  // Tests that are done do not wait for what they forgot.
  child.unref()
  const guard = startGuard(pid)
  const end = () => {
    signalGroup(pid, 'SIGKILL')
    guard.kill('SIGKILL')
  }
  child.once('exit', () => {
    end()
    onEnd?.()
  })
  keep({ stop: () => stop(child, pid, true), kill: end })
  return {
    pid,
    log: () => readFileSync(logFile, 'utf8').slice(-LOG_BYTES_MAX),
    ending: () => describeEnding(child),
    freeze: () => signalGroup(pid, 'SIGSTOP'),
    thaw: () => signalGroup(pid, 'SIGCONT'),
    stop: (isKill = false) => stop(child, pid, isKill),
  }
}

/** Ends a group when this process is gone without a word, as after SIGKILL. */
function startGuard(pid: number): ChildProcess {
  const guard = spawn('sh', ['-c', 'read -r _; kill -s KILL -- "-$1"', 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  return guard
}

/** To a group and whoever is left of it. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function describeEnding({ exitCode, signalCode }: ChildProcess): string | undefined {
  if (signalCode !== null) return `ended by ${signalCode}`
  return exitCode === null ? undefined : `ended with exit code ${exitCode}`
}

async function stop(child: ChildProcess, pid: number, isKill: boolean): Promise<void> {
  if (describeEnding(child) !== undefined) return
  const exited = once(child, 'exit')
  child.kill(isKill ? 'SIGKILL' : 'SIGTERM')
  // One that is frozen hears of SIGTERM only then.
  signalGroup(pid, 'SIGCONT')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(timer)
}
