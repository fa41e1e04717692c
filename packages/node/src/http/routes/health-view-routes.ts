import { type GroupHealth, viewGroups, viewProviders } from '@watchfire/attestation'
import { Type } from 'typebox'
import type { FeedRecord } from '../../feed-source.ts'
import { makeCursor, readCursor } from '../cursor.ts'
import { getFreshness } from '../freshness.ts'
import { listNewest, readGroup, readProvider } from '../health-reading.ts'
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

/** How chains and providers are (SPEC 12.1, 12.2). */
export function addHealthViewRoutes(app: App, { source }: RouteContext): void {
  let held:
    | { readonly records: readonly FeedRecord[]; readonly groups: readonly GroupHealth[] }
    | undefined

  /** Worked out once for a certificate, and read from what is held until the next. */
  function look(): NonNullable<typeof held> {
    const latest = source.latest()
    if (held === undefined || held.records.at(-1) !== latest) {
      const records = listNewest(source)
      const states = records.map(({ state }) => state)
      held = { records, groups: viewGroups(source.context, states) }
    }
    return held
  }

  const getStates = (records: readonly FeedRecord[]) => {
    const [first, last] = [records[0], records.at(-1)]
    return first === undefined || last === undefined
      ? null
      : { from: first.height, to: last.height }
  }

  app.get(
    '/v1/groups',
    {
      config: publicRead,
      schema: {
        summary: 'How each chain is: heads, forks, signals, over the newest certified states',
        querystring: paged,
        response: { 200: groupsSchema, default: problemAnswer },
      },
    },
    (request) => {
      const { records, groups } = look()
      const [from = 0] =
        request.query.cursor === undefined ? [] : readCursor(request.query.cursor, 1)
      const to = from + request.query.limit
      return {
        ...getFreshness(source, source.latest()),
        groups: groups.slice(from, to).map(readGroup),
        states: getStates(records),
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
      const { records, groups } = look()
      const group = groups.find(({ id }) => id === request.params.id)
      if (group === undefined)
        throw new HttpProblem('unknown-group', 'See /v1/groups for those of the manifest.')
      return {
        ...getFreshness(source, source.latest()),
        group: readGroup(group),
        states: getStates(records),
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
