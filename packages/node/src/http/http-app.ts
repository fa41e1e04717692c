import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyError } from 'fastify'
import type { FeedSource } from '../feed-source.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock, Log } from '../ports.ts'
import { addConditionalReads } from './conditional.ts'
import { makeConnectionBound } from './connection-bound.ts'
import { type EventStreamLimits, type EventStreams, makeEventStreams } from './event-stream.ts'
import { makeHostCheck } from './host-check.ts'
import { HttpProblem, sendProblem } from './problem.ts'
import { addCertificateRoutes } from './routes/certificate-routes.ts'
import { addEvidenceRoutes } from './routes/evidence-routes.ts'
import { addHealthRoutes } from './routes/health-routes.ts'
import { addHealthViewRoutes } from './routes/health-view-routes.ts'
import { addMonitorRoutes } from './routes/monitor-routes.ts'
import { addStateRoutes } from './routes/state-routes.ts'
import { watchAgreement } from './watch-agreement.ts'

export interface HttpAppOptions {
  readonly source: FeedSource
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
  /** Address listened on; decides which Host headers are answered. */
  readonly host: string
  /** Host names answered besides. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Requests of one remote address in a minute. */
  readonly requestsPerMinute: number
  readonly events: EventStreamLimits
  /** A reader that has not sent its headers by then is cut; default 10 s. */
  readonly headersMs?: number | undefined
}

/** Connections open at once, besides those of event streams. */
const requestConnectionsMax = 512
/** Connections of one remote address, besides those of its event streams. */
const requestConnectionsPerAddressMax = 64

const methods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

const makeFastify = (headersMs: number) =>
  fastify({
    logger: false,
    trustProxy: false,
    bodyLimit: 1,
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 128 },
    // A path that cannot be read reaches no route and no hook, and is refused like all else.
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, 'bad-request', error.message)
    },
    // An unknown or misspelt parameter is refused, never ignored.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, allErrors: false } },
    http: {
      maxHeaderSize: 16_384,
      headersTimeout: headersMs,
      // How often Node looks for readers past their time.
      connectionsCheckingInterval: Math.ceil(headersMs / 5),
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

/** A fastify instance whose handlers have the types of their schemas. */
export type App = ReturnType<typeof makeFastify>

export interface HttpApp {
  readonly app: App
  /** Every route there is, as fastify was given it. */
  readonly routes: readonly { readonly method: string; readonly url: string }[]
  /** Ends streams and connections. */
  readonly close: () => Promise<void>
}

/** What the routes read. */
export interface RouteContext {
  readonly source: FeedSource
  readonly metrics: Metrics
  readonly events: EventStreams
}

/**
 * The read-only HTTP surface of a node (SPEC 12), not listening yet. Everything it answers comes
 * from `source`; it changes nothing.
 */
export async function makeHttpApp(options: HttpAppOptions): Promise<HttpApp> {
  const { source, metrics, clock, log } = options
  const app = makeFastify(options.headersMs ?? 10_000)
  const routes: { method: string; url: string }[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, url })
  })
  const isHostAllowed = makeHostCheck(options.host, options.allowedHosts)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    if (!isHostAllowed(request.headers.host))
      throw new HttpProblem(
        'host-not-allowed',
        'Ask by address, or let the operator allow the name.',
      )
    // Before a body is looked at: none is wanted, whatever its size.
    if (!methods.includes(request.method)) {
      reply.header('allow', methods.join(', '))
      throw new HttpProblem('method-not-allowed', `Use one of ${methods.join(', ')}.`)
    }
    // Public reads may be used by any page; what tells of the operator's machine may not.
    if (request.routeOptions.config.isPublic !== true) return
    reply.header('access-control-allow-origin', '*')
    reply.header(
      'access-control-expose-headers',
      'etag, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, ' +
        'watchfire-height, watchfire-round, watchfire-since, watchfire-valid-until, ' +
        'watchfire-observed, watchfire-stale',
    )
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.observe('request', reply.elapsedTime, request.routeOptions.url ?? 'none')
    metrics.add('http-answers', String(reply.statusCode))
  })
  addConditionalReads(app)

  app.setErrorHandler<FastifyError | HttpProblem>((error, request, reply) => {
    if (error instanceof HttpProblem)
      return sendProblem(reply, error.code, error.message, error.extensions)
    if (error.validation !== undefined || (error.statusCode ?? 500) < 500)
      return sendProblem(reply, 'bad-request', error.message)
    log.error({ error: error.stack, url: request.url }, 'an HTTP request failed')
    return sendProblem(reply, 'internal', 'The node says more in its log.')
  })
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 'not-found', 'See /v1/openapi.json for what there is.'),
  )

  await app.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    cache: 10_000,
    enableDraftSpec: true,
    errorResponseBuilder: (_request, context) =>
      new HttpProblem(
        'too-many-requests',
        `At most ${context.max} a minute; try again in ${context.after}.`,
      ),
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Watchfire feed',
        version: '1',
        description:
          'Read-only. Certificates prove themselves; every other answer is this node’s word. ' +
          'Errors are application/problem+json with a `code`.',
      },
    },
  })

  app.server.maxConnections = options.events.subscribersMax + requestConnectionsMax
  app.server.on(
    'connection',
    makeConnectionBound(options.events.subscribersPerAddressMax + requestConnectionsPerAddressMax),
  )
  const events = makeEventStreams({
    source,
    clock,
    counters: metrics,
    log,
    limits: options.events,
  })
  const stopWatching = watchAgreement(source, metrics)
  const context: RouteContext = { source, metrics, events }
  addStateRoutes(app, context)
  addCertificateRoutes(app, context)
  addMonitorRoutes(app, context)
  addEvidenceRoutes(app, context)
  addHealthViewRoutes(app, context)
  addHealthRoutes(app, context)
  app.options('/v1/*', { schema: { hide: true }, config: { isPublic: true } }, (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'GET, HEAD')
      .header('access-control-allow-headers', 'accept, if-none-match, last-event-id')
      .header('access-control-max-age', '86400')
      .send(),
  )
  await app.ready()

  return {
    app,
    routes,
    async close() {
      stopWatching()
      events.close()
      await app.close()
    },
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Any web page may read it. */
    isPublic?: boolean
  }
}
