import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A JSON-RPC server that answers by a table, for what no real chain can be made to say. */
export interface RpcServer {
  readonly url: string
  /** Methods that were answered, in order. */
  methods(): readonly string[]
  /** Requests so far; a batch is one. */
  requests(): number
  close(): Promise<void>
}

/** What to answer a method with: a result, an error, or what the parameters call for. */
export type RpcTable = Readonly<
  Record<string, RpcReply | ((params: readonly unknown[]) => RpcReply)>
>

export type RpcReply =
  | { result: unknown }
  | { error: { code: number; message: string; data?: string } }

/** What a server makes of a batch; it takes them where nothing is said. */
export type OnBatch = (response: ServerResponse, calls: readonly Call[]) => void

interface Call {
  readonly id: number
  readonly method: string
  readonly params: readonly unknown[]
}

/** Starts a server; methods that the table lacks are answered as unknown. */
export async function startRpcServer(table: RpcTable, onBatch?: OnBatch): Promise<RpcServer> {
  const methods: string[] = []
  let requests = 0

  function answer({ id, method, params }: Call) {
    methods.push(method)
    const own = table[method] ?? { error: { code: -32_601, message: 'method not found' } }
    return { jsonrpc: '2.0', id, ...(typeof own === 'function' ? own(params) : own) }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests++
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Call | readonly Call[]
      response.setHeader('content-type', 'application/json')
      if (!('length' in asked)) response.end(JSON.stringify(answer(asked)))
      else if (onBatch !== undefined) onBatch(response, asked)
      else response.end(JSON.stringify(asked.map(answer)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    methods: () => methods,
    requests: () => requests,
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
