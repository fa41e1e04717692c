import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * Waits below are what a quiet machine needs at the most; a busy one gets so many times as much before a
 * test gives up. How fast things are is measured by `npm run bench`.
 */
const PATIENCE = 4

/** The repository's root, where `npm start` is run. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface TargetLine {
  readonly id: string
  readonly kind: string
  readonly pid: number
  readonly start: readonly string[]
}
export interface NodeLine {
  readonly monitor: string
  readonly pid: number
  readonly api: string
  readonly start: readonly string[]
}
export interface NetworkLine {
  readonly type: 'network'
  readonly manifest: string
  readonly dataDir: string
  readonly targets: readonly TargetLine[]
  readonly nodes: readonly NodeLine[]
}
export interface CertificateLine {
  readonly type: 'certificate'
  readonly round: number
  readonly height: number
  readonly signers: readonly string[]
  readonly committee: number
  readonly targets: Readonly<Record<string, string>>
  readonly file: string
}

/** A devnet under test, started as a user starts it. */
export interface DevnetRun {
  readonly child: ChildProcess
  readonly network: NetworkLine
  /** Every certificate line so far. */
  readonly certificates: readonly CertificateLine[]
  readonly stderr: () => string
  /** The first certificate line from now on that satisfies `test`. @throws after `withinMs`, with what came instead */
  next(
    what: string,
    withinMs: number,
    test: (line: CertificateLine) => boolean,
  ): Promise<CertificateLine>
  /** Runs a `start` command line as somebody at a shell would, and gives its process. */
  restart(argv: readonly string[]): ChildProcess
  /** SIGTERM to npm, then the exit code; SIGKILL to what was started if that takes over 20 s. */
  stop(): Promise<number | null>
}

/** Starts `npm start --silent -- --json …` in the repository and waits for its first line. */
export async function startDevnet(args: readonly string[]): Promise<DevnetRun> {
  const child = spawn('npm', ['start', '--silent', '--', '--json', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const started: ChildProcess[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-65_536)
  })
  const certificates: CertificateLine[] = []
  const listeners = new Set<(line: CertificateLine) => void>()
  const first = Promise.withResolvers<NetworkLine>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    // A line that is no JSON object is a defect of the output, and fails the test that waits.
    const line = JSON.parse(text) as NetworkLine | CertificateLine
    if (line.type === 'network') first.resolve(line)
    if (line.type !== 'certificate') return
    certificates.push(line)
    for (const listener of listeners) listener(line)
  })
  child.once('exit', (code, signal) => {
    first.reject(new Error(`devnet ended before its first line (${code ?? signal}):\n${stderr}`))
  })
  const network = await within('the network line', 120_000, first.promise, () => stderr)

  return {
    child,
    network,
    certificates,
    stderr: () => stderr,
    async next(what, withinMs, test) {
      const found = Promise.withResolvers<CertificateLine>()
      const seen: string[] = []
      const listener = (line: CertificateLine) => {
        seen.push(
          `${line.round} ${line.signers.length}/${line.committee} ${JSON.stringify(line.targets)}`,
        )
        if (test(line)) found.resolve(line)
      }
      listeners.add(listener)
      try {
        return await within(what, withinMs, found.promise, () => `${seen.join('\n')}\n${stderr}`)
      } finally {
        listeners.delete(listener)
      }
    },
    restart(argv) {
      const [command, ...rest] = argv
      if (command === undefined) throw new Error('an empty start command line')
      const process = spawn(command, rest, { cwd: root, stdio: 'ignore', detached: true })
      started.push(process)
      return process
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      try {
        await within('devnet to end after SIGTERM', 20_000, exit, () => stderr)
      } finally {
        for (const pid of listProcesses(network.dataDir)) process.kill(pid, 'SIGKILL')
      }
      return child.exitCode
    },
  }
}

/** Rejects with what was waited for, and what was seen instead, once `ms` and all patience have passed. */
export async function within<T>(
  what: string,
  ms: number,
  wait: Promise<T>,
  seen: () => string,
): Promise<T> {
  const patientMs = ms * PATIENCE
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`waited ${patientMs} ms for ${what}; seen:\n${seen()}`))
  }, patientMs)
  try {
    return await Promise.race([wait, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Processes whose command line names the data directory: all that a devnet started, by whatever way. */
export function listProcesses(dataDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && getCommandLine(pid).includes(dataDir))
}

/** A process's command line; empty if it is gone or a zombie. */
export function getCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'ESRCH')
    )
      return ''
    throw error
  }
}

/** Asks until `test` holds. @throws after `withinMs` with the last answer */
export async function poll<T>(
  what: string,
  withinMs: number,
  read: () => Promise<T> | T,
  test: (answer: T) => boolean,
): Promise<T> {
  const patientMs = withinMs * PATIENCE
  const endMs = performance.now() + patientMs
  for (;;) {
    const answer = await read()
    if (test(answer)) return answer
    if (performance.now() > endMs)
      throw new Error(`waited ${patientMs} ms for ${what}; last: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** An HTTP answer's status and JSON, or the fault of the connection as status 0. */
export async function ask(url: string): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  } catch (error) {
    return { status: 0, body: String(error) }
  }
}

/** Runs `npx watchfire …` and gives its exit code and output. */
export async function watchfire(
  ...args: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('npx', ['--no-install', 'watchfire', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}
