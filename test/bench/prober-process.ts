import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { ProberOrder, ProberReport } from './prober.ts'

/** Whether processes can be kept to one core each here. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** A command that keeps to one core, where that can be had. */
export function pin(core: 0 | 1, command: string, args: readonly string[]): [string, string[]] {
  return canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]]
}

/** A process that does what it is told, and ends with this one. */
function start(core: 0 | 1, script: string, isTypeScript: boolean): ChildProcess {
  const path = join(import.meta.dirname, script)
  const args = isTypeScript ? ['--conditions=watchfire-source', path] : [path]
  const [command, argv] = pin(core, process.execPath, args)
  return spawn(command, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
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
