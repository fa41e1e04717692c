import { createServer, type Socket } from 'node:net'
import type { HostOrder, HostReport } from './hostile-host.ts'
import { vices } from './vices.ts'

// A process of hostile servers, so that what they cost themselves is not taken for what they cost a
// probe. It is told by messages what to serve, and tells what became of it.

interface Count {
  taken: number
  readonly open: Set<Socket>
  writtenMax: number
}

const counts = new Map<number, Count>()

/** Bytes that the kernel has taken from us. */
function getWritten(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

type ServeOrder = Extract<HostOrder, { readonly serve: string }>

async function serve({ serve: name, host, backlog, port }: ServeOrder): Promise<number> {
  const vice = vices.find((each) => each.name === name)
  const count: Count = { taken: 0, open: new Set(), writtenMax: 0 }
  const server = createServer((socket) => {
    count.taken++
    count.open.add(socket)
    // Probes hang up when they please.
    socket.on('error', () => socket.destroy())
    const note = () => {
      count.writtenMax = Math.max(count.writtenMax, getWritten(socket))
    }
    socket.on('drain', note)
    socket.on('close', () => {
      note()
      count.open.delete(socket)
    })
    if (vice === undefined) socket.resume()
    vice?.serve(socket, {
      url: `http://127.0.0.1:${socket.localPort}/`,
      forbiddenUrl: `http://127.0.0.2:${socket.localPort}/`,
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog }, resolve)
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('listens on no port')
  // One port may be served at two addresses.
  const at = port === 0 ? bound.port : -bound.port
  counts.set(at, count)
  return at
}

async function obey(order: HostOrder): Promise<HostReport> {
  if ('serve' in order) {
    return { id: order.id, at: await serve(order) }
  }
  const count = counts.get(order.count)
  if (count === undefined) throw new Error(`nobody listens on ${order.count}`)
  const { taken, open, writtenMax } = count
  return { id: order.id, counts: { taken, open: open.size, writtenMax } }
}

process.on('message', (order: HostOrder) => {
  void obey(order).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit(0))
