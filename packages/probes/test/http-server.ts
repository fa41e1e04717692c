import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ServerIdentity } from './authority.ts'

/** A real HTTP server on loopback. */
export interface HttpServer {
  readonly port: number
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

/** Starts one, with TLS where it has a certificate. */
export async function startHttpServer(
  listener: RequestListener,
  identity?: ServerIdentity,
): Promise<HttpServer> {
  const requests: IncomingMessage[] = []
  const server = identity === undefined ? createServer() : createSecureServer(identity)
  server.on('request', (request, response) => {
    requests.push(request)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers with a status and a short body. */
export function status(
  code: number,
  headers: Readonly<Record<string, string>> = {},
): RequestListener {
  return (_request, response) => response.writeHead(code, headers).end('body')
}
