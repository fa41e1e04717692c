import { createServer, type Socket } from 'node:net'

/** A real server on loopback that misbehaves as it is told. */
export interface FaultServer {
  readonly port: number
  /** Connections it has taken so far. */
  count(): number
  /** Resolves once every connection taken so far is closed. */
  drained(): Promise<void>
  close(): Promise<void>
}

/** Listens on a free port of `host`, and hands each connection over. */
export async function startServer(
  serve: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<FaultServer> {
  const open = new Set<Socket>()
  let waiting: (() => void)[] = []
  let taken = 0
  const server = createServer((socket) => {
    taken++
    open.add(socket)
    // A probe may hang up at any time; what that looks like here is not what is tested.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      open.delete(socket)
      if (open.size > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    })
    serve(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('listens on no port')
  return {
    port: address.port,
    count: () => taken,
    drained: () =>
      open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
