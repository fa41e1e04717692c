import { Type } from 'typebox'
import { getFreshness } from '../freshness.ts'
import type { App, RouteContext } from '../http-app.ts'
import { getReadiness } from '../readiness.ts'
import { liveSchema, problemAnswer, readySchema } from '../schemas.ts'
import { setStatusGauges } from '../watch-agreement.ts'

const unlimited = { rateLimit: false } as const

/** What supervisors, scrapers and people who write clients ask for. */
export function addHealthRoutes(app: App, { source, metrics }: RouteContext): void {
  app.get(
    '/livez',
    {
      config: unlimited,
      schema: { summary: 'The process answers', response: { 200: liveSchema } },
    },
    () => ({ live: true as const }),
  )

  app.get(
    '/readyz',
    {
      config: unlimited,
      schema: {
        summary: 'Whether the node does its work; 503 with the reasons while it does not',
        response: { 200: readySchema, 503: readySchema },
      },
    },
    (_request, reply) => {
      const reasons = getReadiness(source)
      reply.code(reasons.length === 0 ? 200 : 503)
      return { ...getFreshness(source, source.latest()), ready: reasons.length === 0, reasons }
    },
  )

  app.get(
    '/metrics',
    {
      config: unlimited,
      schema: {
        summary: 'OpenMetrics',
        response: {
          200: {
            description: 'OpenMetrics text',
            content: { 'application/openmetrics-text': { schema: Type.String() } },
          },
        },
      },
    },
    async (_request, reply) => {
      setStatusGauges(source, metrics)
      const { contentType, body } = await metrics.read(
        source.counters === metrics ? undefined : source.counters,
      )
      return reply.header('content-type', contentType).send(body)
    },
  )

  app.get(
    '/v1/openapi.json',
    {
      config: { isPublic: true },
      schema: {
        summary: 'This document, made from the code',
        response: { 200: Type.Object({}, { additionalProperties: true }), default: problemAnswer },
      },
    },
    () => app.swagger() as unknown as Record<string, unknown>,
  )
}
