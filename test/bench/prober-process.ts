import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { availableParallelism, constants, setPriority } from 'node:os'
import { join } from 'node:path'
import type { ProberOrder, ProberReport } from './prober.ts'

/** Whether processes can be kept to one core each here. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** Whether processes can be given priority over what else runs here. */
export const canFavour = process.getuid?.() === 0

/** A command that keeps to one core, where that can be had. */
export function pin(core: 0 | 1, command: string, args: readonly string[]): [string, string[]] {
  return canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]]
}

/**
 * Gives a process its core, where the system lets us: what a monitor does with a core of its own is
 * measured, and not what else runs on this machine. Its niceness counts among its session only where
 * the kernel groups processes by session, so it must lead one of its own (`detached`).
 *
 * @returns whether that could be done
 */
export function favour(pid: number): boolean {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST)
    const group = `/proc/${pid}/autogroup`
    if (existsSync(group)) writeFileSync(group, String(constants.priority.PRIORITY_HIGHEST))
    return true
  } catch {
    return false
  }
}

/** A process that does what it is told, and ends with this one. */
function start(core: 0 | 1, script: string, isTypeScript: boolean): ChildProcess {
  const path = join(import.meta.dirname, script)
  const args = isTypeScript ? ['--conditions=watchfire-source', path] : [path]
  const [command, argv] = pin(core, process.execPath, args)
  const child = spawn(command, argv, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  if (child.pid !== undefined) favour(child.pid)
  return child
}

/** A plain server, on the other core. */
export async function startPlainServer(): Promise<{ port: number; stop: () => void }> {
  const child = start(1, 'plain-server.js', false)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { port, stop: () => void child.kill() }
}

/** An order as it is given: the number comes by itself. */
type Order = ProberOrder extends infer O ? (O extends unknown ? Omit<O, 'id'> : never) : never

/** A process that probes, on one core. It is told one thing at a time. */
export function startProber(): {
  tell(order: Order): Promise<ProberReport>
  stop(): void
} {
  const child = start(0, 'prober.ts', true)
  let id = 0
  let settle: ((report: ProberReport) => void) | undefined
  let fail: ((error: Error) => void) | undefined
  child.on('message', (report: ProberReport) => settle?.(report))
  child.on('exit', (code) => fail?.(new Error(`the prober ended: ${String(code)}`)))
  return {
    tell: (order) =>
      new Promise((resolve, reject) => {
        settle = resolve
        fail = reject
        child.send({ id: id++, ...order })
      }),
    stop: () => void child.kill(),
  }
}
