import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a fake node answers at a path: JSON, bytes, or streams of events that stay open, one a request. */
export type Answer =
  | { readonly json: unknown; readonly status?: number }
  | { readonly bytes: Uint8Array }
  | { readonly streams: readonly (readonly string[])[] }

/** A node's HTTP feed with canned answers, on loopback. */
export interface FakeNode {
  readonly url: string
  /** Paths that were asked for, with their queries. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

export async function startFakeNode(answers: Readonly<Record<string, Answer>>): Promise<FakeNode> {
  const asked: string[] = []
  let streamsOpened = 0
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const answer = answers[path.replace(/\?.*/, '')]
    const unknown = { json: { code: 'no-such-path', detail: 'nothing is here' }, status: 404 }
    if (answer !== undefined && 'streams' in answer) {
      stream(response, answer.streams[streamsOpened++] ?? [])
    } else {
      reply(response, answer ?? unknown)
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function stream(response: ServerResponse, events: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(event)
}

function reply(response: ServerResponse, answer: Exclude<Answer, { streams: unknown }>): void {
  if ('bytes' in answer) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(answer.bytes)
  } else {
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.json))
  }
}
