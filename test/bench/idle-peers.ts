import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A process of idle libp2p nodes (`idle-peer.js`). The build must be there. */
export interface IdlePeers {
  readonly pid: number
  readonly addresses: readonly string[]
  /** Resolves once the process is gone. */
  stop(): Promise<void>
}

/**
 * @param count nodes in the process
 * @param addresses of peers that each connects to
 */
export async function startIdlePeers(
  count: number,
  addresses: readonly string[] = [],
): Promise<IdlePeers> {
  const script = join(import.meta.dirname, 'idle-peer.js')
  const child = spawn(process.execPath, [script, String(count), ...addresses], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the idle peers ended: ${String(code)}`)
    }),
  ])) as [string]
  if (child.pid === undefined) throw new Error('a process that spoke has no id')
  return {
    pid: child.pid,
    addresses: JSON.parse(line) as string[],
    stop: () => stopProcess(child),
  }
}

/** SIGTERM, and its end. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}
