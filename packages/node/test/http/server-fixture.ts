import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import type { EventStreamLimits } from '../../src/http/event-stream.ts'
import { type HttpServer, startHttpServer } from '../../src/http/http-server.ts'
import { makeMetrics, type Metrics } from '../../src/metrics/metrics.ts'
import type { Log } from '../../src/ports.ts'
import { type BlockPlan, type Chain, makeChain } from './chain-fixture.ts'
import {
  type FakeSource,
  type ManualClock,
  makeFakeSource,
  makeManualClock,
} from './feed-source-fixture.ts'

/** Rounds 3 and 4 are covered by no block. */
export const plans: readonly BlockPlan[] = [
  { round: 1 },
  { round: 2 },
  { round: 5, down: ['web'] },
  { round: 6, down: ['web'], ageS: 90 },
  { round: 7, ageS: 90 },
  { round: 8, ageS: 90 },
]

// Signing takes a moment, and no test changes the chain.
let shared: Chain | undefined
export const getChain = (): Chain => (shared ??= makeChain(plans))

export interface TestServer {
  readonly server: HttpServer
  readonly source: FakeSource
  readonly clock: ManualClock
  readonly metrics: Metrics
  readonly errors: readonly string[]
}

/** A real server on loopback over a chain whose tip is `height`, half a second after its round. */
export async function startTestServer(
  height: number,
  options: {
    events?: Partial<EventStreamLimits>
    requestsPerMinute?: number
    headersMs?: number
    allowedHosts?: string[]
    chain?: Chain
  } = {},
): Promise<TestServer> {
  const chain = options.chain ?? getChain()
  const { originMs, roundMs } = chain.context.parameters
  const round = chain.records[height - 1]?.round ?? 0
  const clock = makeManualClock(originMs + round * roundMs + 1500)
  const source = makeFakeSource(chain, clock)
  source.reach(height)
  const errors: string[] = []
  const quiet = () => undefined
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (_fields, message) => errors.push(message),
    fatal: quiet,
  }
  const metrics = makeMetrics({ processMetrics: false })
  const started = await startHttpServer({
    source,
    metrics,
    clock,
    log,
    host: '127.0.0.1',
    port: 0,
    ...options,
  })
  assert.ok(started.ok, started.ok ? '' : started.detail)
  return { server: started.value, source, clock, metrics, errors }
}

export interface StreamEvent {
  readonly event: string | undefined
  readonly id: string | undefined
  readonly data: string | undefined
  readonly comment: string | undefined
  readonly retry: string | undefined
}

/** Reads an event stream by the lines of its format, so that nothing of ours judges itself. */
export class EventReader {
  readonly response: IncomingMessage
  readonly #events: StreamEvent[] = []
  readonly #waiting: (() => void)[] = []
  #text = ''
  isEnded = false

  constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      this.#text += chunk
      const blocks = this.#text.split('\n\n')
      this.#text = blocks.pop() ?? ''
      for (const block of blocks) this.#events.push(readBlock(block))
      this.#wake()
    })
    response.on('error', () => {
      // A cut stream errors here; `isEnded` tells the tests.
      this.isEnded = true
    })
    response.on('close', () => {
      this.isEnded = true
      this.#wake()
    })
  }

  /** The next event of that name; what comes before it is dropped. */
  async next(event: string): Promise<StreamEvent> {
    for (;;) {
      const found = await this.nextAny()
      if (found.event === event) return found
    }
  }

  async nextAny(): Promise<StreamEvent> {
    for (;;) {
      const found = this.#events.shift()
      if (found !== undefined) return found
      if (this.isEnded) throw new Error('the stream has ended')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  async ended(): Promise<void> {
    while (!this.isEnded) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  close(): void {
    this.response.destroy()
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }
}

function readBlock(block: string): StreamEvent {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart())
  }
  return {
    event: fields.get('event'),
    id: fields.get('id'),
    data: fields.get('data'),
    comment: fields.get(''),
    retry: fields.get('retry'),
  }
}

export function openStream(
  server: HttpServer,
  options: { path?: string; headers?: Record<string, string> } = {},
): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    get(
      `${server.url}${options.path ?? '/v1/events'}`,
      { headers: options.headers ?? {}, agent: false },
      (response) => resolve(new EventReader(response)),
    ).on('error', reject)
  })
}

/** A request whose Host header is free to choose, which fetch does not allow. */
export function requestWithHost(
  server: HttpServer,
  host: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(`${server.url}/v1/state`, { headers: { host }, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    }).on('error', reject)
  })
}
