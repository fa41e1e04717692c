import { connect, type Socket } from 'node:net'
import { CommandFault, exitCodes } from '../command-fault.ts'

/**
 * Tells a devnet's warden which processes to end, and tells a process when its devnet has ended.
 *
 * A connection to the warden is the lease: the kernel closes it when either side dies, however it
 * dies, and a pid is only ever signalled while the connection that named it is open or has just
 * closed, so that no other process can have taken its number.
 */
export interface Lease {
  /** Fires when the devnet has ended, or its warden has. */
  readonly ended: AbortSignal
  /** Has the warden end a process of ours with us: for programs that hold no lease themselves. */
  add(pid: number): void
  /** Takes back {@link add}, once that process is gone. */
  remove(pid: number): void
  close(): void
}

/** What a holder of a lease writes to the warden, one JSON object a line. */
export type LeaseMessage = { readonly add: number } | { readonly remove: number }

/**
 * Takes a lease for this process.
 *
 * @param path - the warden's socket
 * @throws CommandFault (1) when nobody listens there: what is started now would outlive its devnet
 */
export function takeLease(path: string): Promise<Lease> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', (error) => {
      const why = `the devnet that this belongs to has ended (${path}: ${error.message})`
      reject(new CommandFault(exitCodes.failure, why))
    })
    socket.once('connect', () => {
      // The process lives for its own work, not for its lease.
      socket.unref()
      resolve(holdLease(socket))
    })
  })
}

function holdLease(socket: Socket): Lease {
  const ended = new AbortController()
  // An error is followed by 'close', which is what counts.
  socket.removeAllListeners('error').on('error', () => undefined)
  socket.on('data', () => ended.abort())
  socket.on('close', () => ended.abort())
  const tell = (message: LeaseMessage) => void socket.write(`${JSON.stringify(message)}\n`)
  tell({ add: process.pid })
  return {
    ended: ended.signal,
    add: (pid) => tell({ add: pid }),
    remove: (pid) => tell({ remove: pid }),
    close: () => socket.destroy(),
  }
}
