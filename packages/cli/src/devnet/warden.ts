import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { getErrorCode } from '../command-fault.ts'
import type { LeaseMessage } from './lease.ts'

/** How long processes have to end by themselves before they are killed. */
export const GRACE_MS = 3000
/** Bound on what one holder may name, and on holders. */
const PIDS_MAX = 16
const HOLDERS_MAX = 1024
const LINE_CHARS_MAX = 256

export interface Warden {
  /** Resolves once every process that held a lease is gone. */
  readonly done: Promise<void>
}

/**
 * Ends what a devnet started, or had started, once that devnet is gone. It runs as a process of its
 * own, and knows of the devnet's end because the kernel closes `life`: after SIGKILL too.
 *
 * @param path - where to listen; its folder is removed in the end
 * @param life - a pipe of which only the devnet holds the other end
 * @param kill - sends SIGKILL
 */
export async function startWarden(
  path: string,
  life: Readable,
  kill: (pid: number) => void = killProcess,
  graceMs: number = GRACE_MS,
): Promise<Warden> {
  const holders = new Map<Socket, Set<number>>()
  const server = createServer((socket) => {
    const pids = new Set<number>()
    holders.set(socket, pids)
    readHolder(socket, pids)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      holders.delete(socket)
      // Its first pid is its own, and gone. What it started must not outlive it.
      for (const pid of [...pids].slice(1)) kill(pid)
    })
  })
  server.maxConnections = HOLDERS_MAX
  await listen(server, path)
  return { done: waitForEnd() }

  async function waitForEnd(): Promise<void> {
    await new Promise((resolve) => life.resume().once('close', resolve))
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of holders.keys()) socket.write('end\n')
    const timer = setTimeout(() => {
      // A process that is stopped (SIGSTOP) cannot end itself; SIGKILL reaches it all the same.
      for (const pids of holders.values()) for (const pid of [...pids].toReversed()) kill(pid)
    }, graceMs)
    await closed
    clearTimeout(timer)
    rmSync(dirname(path), { recursive: true, force: true })
  }
}

function readHolder(socket: Socket, pids: Set<number>): void {
  createInterface({ input: socket })
    .on('error', () => undefined)
    .on('line', (line) => {
      const message = parseMessage(line)
      if (message === undefined) socket.destroy()
      else if ('remove' in message) pids.delete(message.remove)
      else if (pids.size < PIDS_MAX) pids.add(message.add)
      else socket.destroy()
    })
}

function parseMessage(line: string): LeaseMessage | undefined {
  const match = line.length > LINE_CHARS_MAX ? null : /^\{"(add|remove)":(\d{1,10})\}$/.exec(line)
  const pid = Number(match?.[2])
  // 0 and 1 are never a holder's: signalled, they would mean a whole group, or everything.
  if (match === null || pid < 2) return undefined
  return match[1] === 'add' ? { add: pid } : { remove: pid }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, resolve)
  })
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (getErrorCode(error) !== 'ESRCH') throw error
  }
}
