import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'

/** Real services for the monitors to watch. */
export interface Targets {
  /** As a draft of a manifest lists them. */
  readonly drafts: readonly Readonly<Record<string, unknown>>[]
  close(): void
}

const GREETING = 'well'

export async function startTargets(host: string): Promise<Targets> {
  const http = createHttpServer((_request, response) => response.end(`${GREETING}\n`))
  const tcp = createTcpServer((socket) => {
    // A monitor that is killed resets its connections.
    socket
      .on('error', () => undefined)
      .resume()
      .end(`${GREETING}\n`)
  })
  const [httpPort, tcpPort] = await Promise.all([listen(http, host), listen(tcp, host)])
  return {
    drafts: [
      { id: 'http', kind: 'http', params: { url: `http://${host}:${httpPort}/` } },
      {
        id: 'tcp',
        kind: 'tcp',
        params: { host, port: tcpPort, dialogue: [{ expect: `^${GREETING}$` }] },
      },
    ],
    close() {
      http.closeAllConnections()
      http.close()
      tcp.close()
    },
  }
}

async function listen(server: Server, host: string): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address !== 'object') throw new Error('a server without a port')
  return address.port
}
