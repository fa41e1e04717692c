import {
  manifestToJson,
  type TargetId,
  type TargetIndex,
  toHex,
  toText,
} from '@watchfire/attestation'
import { Type } from 'typebox'
import type { FeedRecord, FeedSource } from '../../feed-source.ts'
import { readCertificate, readExcluded, readGroups, readTargets } from '../certificate-reading.ts'
import { makeCursor, readCursor } from '../cursor.ts'
import { getFreshness } from '../freshness.ts'
import type { App, RouteContext } from '../http-app.ts'
import { HttpProblem } from '../problem.ts'
import { readVantage } from '../vantage-reading.ts'
import type { TargetDefinition, TargetReading } from '../reading-schemas.ts'
import {
  networkSchema,
  problemAnswer,
  stateSchema,
  type StateAnswer,
  targetSchema,
  targetsSchema,
} from '../schemas.ts'
import { getVerdictName, makeUncovered, readDefinition, readTarget } from '../target-reading.ts'
import { getAtHeight, getAtRound, getLatest } from './find-record.ts'

/** Targets on a page: about a megabyte of JSON at most. */
export const targetsPerPage = { default: 500, max: 1000 } as const

const limit = Type.Integer({
  minimum: 1,
  maximum: targetsPerPage.max,
  default: targetsPerPage.default,
})
const cursor = Type.Optional(
  Type.String({ maxLength: 256, description: '`next` of the page before' }),
)
const closed = { additionalProperties: false }
const publicRead = { isPublic: true }

/** The network, its agreed state, its targets. */
export function addStateRoutes(app: App, { source }: RouteContext): void {
  app.get(
    '/v1/network',
    {
      config: publicRead,
      schema: {
        summary: 'The network and its manifest',
        response: { 200: networkSchema, default: problemAnswer },
      },
    },
    () => ({
      ...getFreshness(source, source.latest()),
      id: toHex(source.networkId),
      name: toText(source.manifest.name),
      manifest: { ...manifestToJson(source.manifest) },
    }),
  )

  app.get(
    '/v1/state',
    {
      config: publicRead,
      schema: {
        summary: 'The agreed state: the latest, or that of a round',
        querystring: Type.Object(
          { round: Type.Optional(Type.Integer({ minimum: 0 })), limit, cursor },
          closed,
        ),
        response: { 200: stateSchema, default: problemAnswer },
      },
    },
    (request) => {
      const { query } = request
      // The cursor names its height, so that pages of a moving state fit each other.
      const [height, from] = query.cursor === undefined ? [] : readCursor(query.cursor, 2)
      if (height !== undefined && query.round !== undefined)
        throw new HttpProblem('bad-request', 'A cursor names its state already: leave out round.')
      const record =
        height !== undefined
          ? getAtHeight(source, height)
          : query.round === undefined
            ? getLatest(source)
            : getAtRound(source, query.round)
      return readState(source, record, from ?? 0, query.limit)
    },
  )

  app.get(
    '/v1/targets',
    {
      config: publicRead,
      schema: {
        summary: 'Targets, what is asked of them, and what was last agreed on',
        querystring: Type.Object({ limit, cursor }, closed),
        response: { 200: targetsSchema, default: problemAnswer },
      },
    },
    (request) => {
      const { query } = request
      const [from = 0] = query.cursor === undefined ? [] : readCursor(query.cursor, 1)
      const to = from + query.limit
      const { targets } = source.context.parameters
      const record = source.latest()
      return {
        ...getFreshness(source, record),
        targets: targets
          .slice(from, to)
          .map((_target, offset) => readTargetAndDefinition(source, record, from + offset)),
        next: to < targets.length ? makeCursor([to]) : null,
      }
    },
  )

  app.get(
    '/v1/targets/:id',
    {
      config: publicRead,
      schema: {
        summary: 'One target',
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: { 200: targetSchema, default: problemAnswer },
      },
    },
    (request) => {
      const index = source.context.targetIds.indexOf(request.params.id as TargetId)
      if (index < 0)
        throw new HttpProblem('unknown-target', 'See /v1/targets for those of the manifest.')
      const record = source.latest()
      const target = readTargetAndDefinition(source, record, index)
      const { reached, failed } = target.observed
      return {
        ...getFreshness(
          source,
          record,
          target.since === null
            ? undefined
            : { since: target.since, observedWeight: reached + failed },
        ),
        target: { ...target, vantage: readVantage(source, record, index as TargetIndex) },
      }
    },
  )
}

function readTargetAndDefinition(
  source: FeedSource,
  record: FeedRecord | undefined,
  index: number,
): TargetReading & TargetDefinition {
  const target = source.context.parameters.targets[index]
  if (target === undefined) throw new Error(`no target has index ${index}`)
  const state = record?.state.targets[index] ?? makeUncovered(source.context, target)
  const groups = record?.state.groups ?? []
  return { ...readTarget(source.context, target, state, groups), ...readDefinition(target) }
}

function readState(
  source: FeedSource,
  record: FeedRecord,
  from: number,
  limitOfPage: number,
): StateAnswer {
  const to = from + limitOfPage
  const counts = { none: 0, up: 0, degraded: 0, disputed: 0, down: 0, unknown: 0 }
  for (const { verdict } of record.state.targets) counts[getVerdictName(verdict)]++
  return {
    ...getFreshness(source, record),
    certificate: readCertificate(source, record),
    verdicts: counts,
    excluded: readExcluded(source, record),
    targets: readTargets(source, record, from, to),
    groups: from === 0 ? readGroups(record) : [],
    next: to < record.state.targets.length ? makeCursor([record.height, to]) : null,
  }
}
