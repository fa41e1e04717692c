import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { UnixMs } from '@watchfire/attestation'
import type { Clock } from '@watchfire/light-client'
import type { Block } from './chain-fixture.ts'

/** One open event stream, as the server has it in hand. */
export interface Stream {
  /** `after` of the query; undefined: none. */
  readonly after: number | undefined
  certificate(file: Uint8Array | Block): void
  agreement(status: string, words: string): void
  write(text: string): void
  end(): void
  readonly isOpen: boolean
}

/** A server that says what a test wants it to: honest, lying or silent. */
export interface FakeServer {
  readonly url: string
  /** Streams in the order they were opened. */
  readonly streams: readonly Stream[]
  /** Paths asked for, events included. */
  readonly requests: readonly string[]
  /** Called for each stream as it opens. */
  onStream: (stream: Stream) => void
  /** Answers what is no stream. */
  onRequest: (request: IncomingMessage, response: ServerResponse) => void
  /** Waits until so many streams were opened. */
  opened(count: number): Promise<void>
  close(): Promise<void>
}

export async function startFakeServer(): Promise<FakeServer> {
  const streams: Stream[] = []
  const requests: string[] = []
  let waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push(url.pathname + url.search)
    if (url.pathname !== '/v1/events') {
      fake.onRequest(request, response)
      return
    }
    const after = url.searchParams.get('after')
    response.on('error', () => undefined)
    const stream: Stream = {
      after: after === null ? undefined : Number(after),
      certificate(given) {
        const file = given instanceof Uint8Array ? given : given.file
        const data = JSON.stringify({ file: Buffer.from(file).toString('base64') })
        stream.write(`event: certificate\ndata: ${data}\n\n`)
      },
      agreement(status, words) {
        stream.write(
          `event: agreement\ndata: ${JSON.stringify({ agreement: { status, words } })}\n\n`,
        )
      },
      write: (text) => response.write(text),
      end: () => response.end(),
      get isOpen() {
        return !response.destroyed && !response.writableEnded
      },
    }
    streams.push(stream)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    fake.onStream(stream)
    for (const resume of waiting) resume()
    waiting = []
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    requests,
    onStream: () => undefined,
    onRequest: (_request, response) => response.writeHead(404).end(),
    async opened(count) {
      while (streams.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return fake
}

/** A clock that moves only when told; timers run in the order they fall due. */
export interface ManualClock extends Clock {
  advance(ms: number): void
}

export function makeManualClock(startMs: number): ManualClock {
  let nowMs = startMs
  const timers = new Set<{ atMs: number; run: () => void }>()
  return {
    nowMs: () => nowMs as UnixMs,
    setTimer(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        const due = [...timers]
          .filter((timer) => timer.atMs <= endMs)
          .toSorted((one, other) => one.atMs - other.atMs)[0]
        if (due === undefined) break
        nowMs = Math.max(nowMs, due.atMs)
        timers.delete(due)
        due.run()
      }
      nowMs = endMs
    },
  }
}
