import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { CommandFault, exitCodes } from '../command-fault.ts'
import type { ReadyLine } from './devnet-process.ts'
import { getNodeArgv, getTargetArgv, type Layout, launcher, type TargetProcess } from './layout.ts'

/** How long a process may take to serve; a machine busy with other things is slow to start any. */
const READY_MS_MAX = 30_000

/** Processes that this devnet started and that have not ended. */
const running = new Set<ChildProcess>()

/** A process of the devnet that was started by it. */
export interface Started {
  /** The target's or the monitor's id. */
  readonly id: string
  /** Of the target or node itself: what is signalled to it hits what the id names. */
  readonly pid: number
  /** The command line that brings it back after it was killed. */
  readonly start: readonly string[]
  /** Resolves when it has ended, with why. */
  readonly ended: Promise<string>
}

/** Chooses where the warden will listen: short, since the path of a socket may have 107 bytes only. */
export function makeLeasePath(): string {
  return join(mkdtempSync(join(tmpdir(), 'watchfire-')), 'lease')
}

/** The running warden, as the devnet sees it. */
export interface WardenProcess {
  /** Resolves when the warden has ended, with why. */
  readonly ended: Promise<string>
  /** Has everything that was started end; resolves when it has. */
  finish(): Promise<void>
}

/** Starts the warden; it answers on `lease` once this resolves. */
export async function startWardenProcess(layout: Layout, lease: string): Promise<WardenProcess> {
  const argv = [process.execPath, launcher, 'devnet-process', 'warden', '--lease', lease]
  const child = spawnLogged(layout, 'warden', argv, 'pipe', 'pipe')
  const ended = getEnd(child)
  await waitForLine(layout, 'warden', child, ended)
  return {
    ended,
    finish: async () => {
      child.stdin?.destroy()
      await ended
      // The warden knows who took a lease; who was still loading has none, and has done nothing yet.
      for (const process of running) process.kill('SIGKILL')
      await Promise.all([...running].map(getEnd))
      // It removes this itself, unless it was killed.
      rmSync(dirname(lease), { recursive: true, force: true })
    },
  }
}

/** Starts a target's process; it serves once this resolves. */
export async function startTarget(
  layout: Layout,
  lease: string,
  target: TargetProcess,
): Promise<Started> {
  const start = getTargetArgv(layout, lease, target)
  const child = spawnLogged(layout, target, start, 'ignore', 'pipe')
  const ended = getEnd(child)
  const line = await waitForLine(layout, target, child, ended)
  const { pid } = JSON.parse(line) as ReadyLine
  return { id: target, pid, start, ended }
}

/** Starts a node; it may not serve yet. */
export function startNode(layout: Layout, lease: string, id: string): Started {
  const start = getNodeArgv(layout, lease, id)
  const child = spawnLogged(layout, id, start, 'ignore', 'log')
  const ended = getEnd(child)
  if (child.pid === undefined) {
    throw new CommandFault(exitCodes.failure, `${id}: ${start[0]} could not be started`)
  }
  return { id, pid: child.pid, start, ended }
}

/** Deploys the price feed. @throws CommandFault (1) with what its log says last */
export async function deploy(layout: Layout, lease: string): Promise<void> {
  const options = ['--data-dir', layout.dir, '--lease', lease]
  const argv = [process.execPath, launcher, 'devnet-process', 'deploy', ...options]
  const why = await getEnd(spawnLogged(layout, 'deploy', argv, 'ignore', 'log'))
  if (why !== 'exit code 0') throw makeFault(layout, 'deploy', why)
}

function spawnLogged(
  layout: Layout,
  name: string,
  argv: readonly string[],
  stdin: 'ignore' | 'pipe',
  stdout: 'pipe' | 'log',
): ChildProcess {
  const [file, ...rest] = argv
  if (file === undefined) throw new Error('an empty command line')
  const log = openSync(getLogPath(layout, name), 'a', 0o600)
  try {
    // In a session of its own: an interrupt from the keyboard reaches the devnet alone, which then
    // ends the others in order.
    const stdio = [stdin, stdout === 'log' ? log : 'pipe', log] as const
    const child = spawn(file, rest, { detached: true, stdio: [...stdio] })
    if (child.pid !== undefined) {
      running.add(child)
      child.once('exit', () => running.delete(child))
    }
    return child
  } finally {
    closeSync(log)
  }
}

function getLogPath(layout: Layout, name: string): string {
  return join(layout.logs, `${name}.log`)
}

function getEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}

/** The first line a process writes to stdout, by which it says that it is ready. */
async function waitForLine(
  layout: Layout,
  name: string,
  child: ChildProcess,
  ended: Promise<string>,
): Promise<string> {
  const { stdout } = child
  if (stdout === null) throw new Error('stdout is no pipe')
  const lines = createInterface({ input: stdout })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      void ended.then((why) => reject(makeFault(layout, name, why)))
      const late = `it was not ready after ${READY_MS_MAX / 1000} s`
      timer = setTimeout(() => reject(makeFault(layout, name, late)), READY_MS_MAX)
    })
  } finally {
    clearTimeout(timer)
    lines.close()
    // What else it may say there is of no interest, and must not fill the pipe.
    stdout.resume()
  }
}

function makeFault(layout: Layout, name: string, why: string): CommandFault {
  const path = getLogPath(layout, name)
  const last = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? ''
  return new CommandFault(
    exitCodes.failure,
    `${name} could not be started (${why})${last === '' ? '' : `: ${last}`}`,
    `its log: ${path}`,
  )
}
