import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What to answer a GET with. */
export interface TextReply {
  readonly status?: number
  readonly body: string
}

/** An HTTP server on a free port of loopback, with the paths it was asked for. */
export interface TextServer {
  readonly url: string
  asked(): readonly string[]
  close(): Promise<void>
}

/** Starts one that answers by path; undefined leaves the request without an answer. */
export async function startTextServer(
  answer: (path: string) => TextReply | undefined,
): Promise<TextServer> {
  const paths: string[] = []
  const server = createServer(({ url = '' }, response) => {
    paths.push(url)
    const reply = answer(url)
    if (reply !== undefined) response.writeHead(reply.status ?? 200).end(reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => paths,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
