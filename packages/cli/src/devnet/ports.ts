import { createServer } from 'node:net'

/**
 * Below the range from which systems hand out ports to outgoing connections (from 32768 on Linux): a
 * port there could be taken while a node that was killed is not back yet.
 */
const PORT_MIN = 20_000
const PORT_MAX = 32_000
const TRIES_MAX = 1000

/**
 * Ports of 127.0.0.1 that are free now, all distinct.
 *
 * @param random - in [0, 1)
 */
export async function pickPorts(count: number, random = Math.random): Promise<number[]> {
  const picked = new Set<number>()
  for (let tries = 0; picked.size < count; tries += 1) {
    if (tries >= TRIES_MAX)
      throw new Error(`no ${count} free ports from ${PORT_MIN} to ${PORT_MAX}`)
    const port = PORT_MIN + Math.floor(random() * (PORT_MAX - PORT_MIN))
    if (!picked.has(port) && (await isPortFree(port))) picked.add(port)
  }
  return [...picked]
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => resolve(true))
    })
  })
}
