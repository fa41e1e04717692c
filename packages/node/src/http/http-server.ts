import type { Result } from '@watchfire/attestation'
import type { FeedSource } from '../feed-source.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock, Log } from '../ports.ts'
import { eventStreamDefaults, type EventStreamLimits } from './event-stream.ts'
import { makeHttpApp } from './http-app.ts'

export interface HttpServerOptions {
  readonly source: FeedSource
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
  /** Address to listen on; loopback unless the operator says otherwise. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Host names answered besides the address (see `makeHostCheck`). */
  readonly allowedHosts?: readonly string[] | undefined
  /** Event streams open at once; default 1024. */
  readonly subscribersMax?: number | undefined
  /** Requests of one remote address in a minute; default 6000. */
  readonly requestsPerMinute?: number | undefined
  /** A reader that has not sent its headers by then is cut; default 10 s. */
  readonly headersMs?: number | undefined
  /** Bounds of the event streams, where they differ from the defaults. */
  readonly events?: Partial<EventStreamLimits> | undefined
}

export interface HttpServer {
  /** Where readers find it, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Ends streams and connections, and stops listening. */
  close(): Promise<void>
}

export type HttpServerCode = 'port-in-use' | 'cannot-listen'

/** Serves the feed (SPEC 12) until closed. Read-only: no request changes the node. */
export async function startHttpServer(
  options: HttpServerOptions,
): Promise<Result<HttpServer, HttpServerCode>> {
  const { source, metrics, clock, log, host, port, allowedHosts } = options
  const { app, close } = await makeHttpApp({
    source,
    metrics,
    clock,
    log,
    host,
    allowedHosts,
    requestsPerMinute: options.requestsPerMinute ?? 6000,
    headersMs: options.headersMs,
    events: {
      ...eventStreamDefaults,
      ...(options.subscribersMax === undefined ? {} : { subscribersMax: options.subscribersMax }),
      ...options.events,
    },
  })
  try {
    await app.listen({ host, port })
  } catch (error) {
    await close()
    const code = (error as NodeJS.ErrnoException).code
    const detail = error instanceof Error ? error.message : String(error)
    return code === 'EADDRINUSE'
      ? { ok: false, code: 'port-in-use', detail: `${host}:${port} is in use` }
      : { ok: false, code: 'cannot-listen', detail: `${host}:${port}: ${detail}` }
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    ok: true,
    value: { url: `http://${name}:${address.port}`, port: address.port, close },
  }
}
