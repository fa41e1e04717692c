import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { CommandFault, exitCodes, getErrorCode } from '../command-fault.ts'
import type { Layout } from './layout.ts'

/** The devnet's plain services: each answers at once, and keeps no connection longer than this. */
const IDLE_MS_MAX = 5000
const CONNECTIONS_MAX = 256
/** What the services say. */
export const GREETING = 'well'

/** Answers every request with 200 and one line. */
export function serveHttp(port: number): Promise<void> {
  const server = createHttpServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
    response.end(`${GREETING}\n`)
  })
  server.keepAliveTimeout = IDLE_MS_MAX
  return listen(server, port)
}

/** Shakes hands with a certificate of the devnet's own authority, and closes. */
export function serveTls(layout: Layout, port: number): Promise<void> {
  const cert = readFileSync(layout.tlsCertificate)
  const key = readFileSync(layout.tlsKey)
  const server = createTlsServer({ cert, key }, (socket) => greet(socket))
  // A client that resets or refuses is its own affair.
  server.on('tlsClientError', () => undefined)
  return listen(server, port)
}

/** Accepts, greets and closes. */
export function serveTcp(port: number): Promise<void> {
  return listen(createTcpServer(greet), port)
}

function greet(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.setTimeout(IDLE_MS_MAX, () => socket.destroy())
  socket.resume().end(`${GREETING}\n`)
}

function listen(server: Server, port: number): Promise<void> {
  server.maxConnections = CONNECTIONS_MAX
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = getErrorCode(error) === 'EADDRINUSE'
      const text = `port ${port} of 127.0.0.1 is in use`
      reject(isTaken ? new CommandFault(exitCodes.failure, text) : error)
    })
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error').on('error', () => undefined)
      resolve()
    })
  })
}
