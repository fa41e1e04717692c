import { createServer } from 'node:net'

/**
 * Below the range from which systems hand out ports to outgoing connections: a port there could be
 * taken while a server that was stopped is not back yet.
 */
const PORT_MIN = 20_000
const PORT_MAX = 32_000

/** Ports of loopback that are free now, all distinct. */
export async function pickPorts(count: number): Promise<readonly number[]> {
  const picked = new Set<number>()
  for (let tries = 0; picked.size < count; tries++) {
    if (tries > 1000) throw new Error(`no ${count} free ports`)
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN))
    if (!picked.has(port) && (await isFree(port))) picked.add(port)
  }
  return [...picked]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => resolve(true))
    })
  })
}
