import { viewGroups, viewProviders } from '@watchfire/attestation'
import { Type } from 'typebox'
import { makeCursor, readCursor } from '../cursor.ts'
import { getFreshness } from '../freshness.ts'
import { readGroup, readProvider } from '../health-reading.ts'
import { groupSchema, groupsSchema, providersSchema } from '../health-schemas.ts'
import type { App, RouteContext } from '../http-app.ts'
import { HttpProblem } from '../problem.ts'
import { problemAnswer } from '../schemas.ts'

const perPage = { default: 100, max: 500 } as const
const publicRead = { isPublic: true }
const paged = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: perPage.max, default: perPage.default }),
    cursor: Type.Optional(
      Type.String({ maxLength: 256, description: '`next` of the page before' }),
    ),
  },
  { additionalProperties: false },
)

/** How chains and providers are (SPEC 7.11, 12.1). */
export function addHealthViewRoutes(app: App, { source }: RouteContext): void {
  const viewLatest = () => {
    const record = source.latest()
    return record === undefined ? [] : viewGroups(source.context, record.state)
  }

  app.get(
    '/v1/groups',
    {
      config: publicRead,
      schema: {
        summary: 'How each chain is: heads and their pace, forks, signals, as agreed',
        querystring: paged,
        response: { 200: groupsSchema, default: problemAnswer },
      },
    },
    (request) => {
      const groups = viewLatest()
      const [from = 0] =
        request.query.cursor === undefined ? [] : readCursor(request.query.cursor, 1)
      const to = from + request.query.limit
      return {
        ...getFreshness(source, source.latest()),
        groups: groups.slice(from, to).map((group) => readGroup(source, group)),
        next: to < groups.length ? makeCursor([to]) : null,
      }
    },
  )

  app.get(
    '/v1/groups/:id',
    {
      config: publicRead,
      schema: {
        summary: 'How a chain is',
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: { 200: groupSchema, default: problemAnswer },
      },
    },
    (request) => {
      const group = viewLatest().find(({ id }) => id === request.params.id)
      if (group === undefined)
        throw new HttpProblem('unknown-group', 'See /v1/groups for those of the manifest.')
      return {
        ...getFreshness(source, source.latest()),
        group: readGroup(source, group),
      }
    },
  )

  app.get(
    '/v1/providers',
    {
      config: publicRead,
      schema: {
        summary: 'What each provider runs; many of its targets down at once are one incident',
        querystring: paged,
        response: { 200: providersSchema, default: problemAnswer },
      },
    },
    (request) => {
      const record = source.latest()
      const all = record === undefined ? [] : viewProviders(source.context, record.state)
      const [from = 0] =
        request.query.cursor === undefined ? [] : readCursor(request.query.cursor, 1)
      const to = from + request.query.limit
      return {
        ...getFreshness(source, record),
        providers: all.slice(from, to).map((each) => readProvider(source, each)),
        next: to < all.length ? makeCursor([to]) : null,
      }
    },
  )
}
