import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What one hostile server has seen so far. */
export interface HostCounts {
  /** Connections taken. */
  readonly taken: number
  /** Connections that the other side has not closed. */
  readonly open: number
  /** Bytes that a connection could be made to take, the most of all. */
  readonly writtenMax: number
}

/** What the process is told. */
export type HostOrder =
  | {
      readonly id: number
      readonly serve: string
      readonly host: string
      readonly backlog: number
      readonly port: number
    }
  | { readonly id: number; readonly count: number }

/** What it tells. */
export type HostReport =
  | { readonly id: number; readonly at: number }
  | { readonly id: number; readonly counts: HostCounts }

/** Where, and how many connections may wait to be taken. */
export interface ServeOptions {
  readonly host?: string
  readonly backlog?: number
  readonly port?: number
}

/** A process of hostile servers on loopback. */
export interface HostileHost {
  /**
   * Serves a vice, on a free port unless one is named. A vice of no known name takes connections, and
   * nothing more.
   *
   * @returns where it is to be counted: its port, or minus it where that port was named
   */
  serve(vice: string, options?: ServeOptions): Promise<number>
  count(at: number): Promise<HostCounts>
  /** It takes no connections and reads nothing; its kernel goes on for it. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

const BACKLOG = 511

export function startHostileHost(): HostileHost {
  const child: ChildProcess = fork(join(import.meta.dirname, 'host.ts'), {
    execArgv: ['--conditions=watchfire-source'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, (report: HostReport) => void>()
  let orders = 0
  child.on('message', (report: HostReport) => {
    waiting.get(report.id)?.(report)
    waiting.delete(report.id)
  })

  function tell(make: (id: number) => HostOrder) {
    const id = orders++
    return new Promise<HostReport>((resolve) => {
      waiting.set(id, resolve)
      child.send(make(id))
    })
  }

  return {
    async serve(vice, { host = '127.0.0.1', backlog = BACKLOG, port = 0 } = {}) {
      const report = await tell((id) => ({ id, serve: vice, host, backlog, port }))
      if (!('at' in report)) throw new Error('no place was told')
      return report.at
    },
    async count(at) {
      const report = await tell((id) => ({ id, count: at }))
      if (!('counts' in report)) throw new Error('no counts were told')
      return report.counts
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await exited
    },
  }
}
