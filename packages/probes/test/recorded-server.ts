import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

/** What a server answered: to a call of JSON-RPC, or over plain HTTP. */
export type Reply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly status: number; readonly body?: unknown }

/**
 * Replies by what was asked: `method params` of a JSON-RPC call, `GET path` or `POST path body` of
 * plain HTTP. Of several keys that what is asked begins with, the longest counts.
 */
export type Replies = Readonly<Record<string, Reply>>

/** Replies taken down from a server, and where they are from. */
export interface Recording {
  /** The program and its version, or the document that shows them. */
  readonly source: string
  readonly replies: Replies
}

export interface RecordedServer {
  readonly port: number
  readonly url: string
  /** What was asked so far. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** Reads `recorded/<name>.json`. */
export function readRecording(name: string): Recording {
  const url = new URL(`recorded/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as Recording
}

/** Answers as it was recorded, over HTTP and WebSocket, on a free port of loopback. */
export async function startRecorded(replies: Replies): Promise<RecordedServer> {
  const asked: string[] = []

  function find(question: string): Reply | undefined {
    asked.push(question)
    const keys = Object.keys(replies).filter((key) => question.startsWith(key))
    const [key] = keys.toSorted((a, b) => b.length - a.length)
    return key === undefined ? undefined : replies[key]
  }

  function answerCall(text: string): string {
    const { id, method, params } = JSON.parse(text) as Record<string, unknown>
    const unknown = { error: { code: -32_601, message: 'Method not found' } }
    const reply = find(`${String(method)} ${JSON.stringify(params)}`) ?? unknown
    return JSON.stringify({ jsonrpc: '2.0', id, ...reply })
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const { method, url } = request
      if (method === 'POST' && url === '/') return response.end(answerCall(text))
      const reply = find(`${method} ${url}${text === '' ? '' : ` ${text}`}`)
      response.statusCode = reply !== undefined && 'status' in reply ? reply.status : 404
      const body = reply !== undefined && 'body' in reply ? reply.body : undefined
      return response.end(body === undefined ? '' : JSON.stringify(body))
    })
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => socket.send(answerCall(data.toString())))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
