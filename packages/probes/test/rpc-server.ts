import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A JSON-RPC server that answers by a table, for what no real chain can be made to say. */
export interface RpcServer {
  readonly url: string
  close(): Promise<void>
}

/** What to answer a method with: a result, or an error. */
export type RpcTable = Readonly<
  Record<string, { result: unknown } | { error: { code: number; message: string; data?: string } }>
>

/** Starts a server; methods that the table lacks are answered as unknown. */
export async function startRpcServer(table: RpcTable): Promise<RpcServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: number
        method: string
      }
      const answer = table[method] ?? { error: { code: -32_601, message: 'method not found' } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A block as `eth_getBlockByNumber` gives it, as far as probes read it. */
export function makeBlock(height: number, timestamp: number) {
  return {
    number: `0x${height.toString(16)}`,
    timestamp: `0x${timestamp.toString(16)}`,
    hash: `0x${'ab'.repeat(32)}`,
  }
}
