import { type MonitorId, type Round, type TargetId, toHex, toText } from '@watchfire/attestation'
import { Type } from 'typebox'
import { readAttestation } from '../attestation-reading.ts'
import { makeCursor, readCursor } from '../cursor.ts'
import { formatTime, getFreshness } from '../freshness.ts'
import type { App, RouteContext } from '../http-app.ts'
import { HttpProblem } from '../problem.ts'
import {
  attestationsSchema,
  monitorsSchema,
  peersSchema,
  problemAnswer,
  statusSchema,
} from '../schemas.ts'

/** Attestations on a page, how many of one round pages reach in all, and late ones allowed for. */
export const attestationsPerPage = { default: 50, max: 200, perRoundMax: 1000, slack: 16 } as const
export const peersPerAnswerMax = 500

const id = Type.String({ minLength: 1, maxLength: 64 })
const cursor = Type.Optional(
  Type.String({ maxLength: 256, description: '`next` of the page before' }),
)
const closed = { additionalProperties: false }
const publicRead = { isPublic: true }

/** Who watches, what they signed, and how this node stands. */
export function addMonitorRoutes(app: App, { source }: RouteContext): void {
  app.get(
    '/v1/monitors',
    {
      config: publicRead,
      schema: {
        summary: 'The committee, as heard by this node',
        response: { 200: monitorsSchema, default: problemAnswer },
      },
    },
    () => {
      const accused = new Map(source.evidence().map(({ offender, digest }) => [offender, digest]))
      return {
        ...getFreshness(source, source.latest()),
        monitors: source.monitors().map((monitor) => ({
          id: monitor.id,
          index: monitor.index,
          weight: monitor.weight,
          publicKey: toHex(monitor.publicKey),
          region: monitor.region,
          network: monitor.network,
          operator: monitor.operator,
          isSelf: monitor.isSelf,
          lastAttestationRound: monitor.lastAttestationRound ?? null,
          lastHeard: monitor.lastHeardMs === undefined ? null : formatTime(monitor.lastHeardMs),
          excludedSince: monitor.excludedSince ?? null,
          evidence: toHexOrNull(accused.get(monitor.id)),
          status:
            monitor.status === undefined
              ? null
              : {
                  time: formatTime(monitor.status.timeMs),
                  boot: formatTime(monitor.status.bootMs),
                  version: toText(monitor.status.version),
                  features: monitor.status.features.map((feature) => toText(feature)),
                  epoch: monitor.status.epoch,
                  height: monitor.status.height,
                  round: monitor.status.round,
                  view: monitor.status.view,
                },
          clockOffsetMs: monitor.clockOffsetMs ?? null,
        })),
      }
    },
  )

  app.get(
    '/v1/attestations',
    {
      config: publicRead,
      schema: {
        summary: 'Signed attestations as received, newest rounds first',
        querystring: Type.Object(
          {
            round: Type.Optional(Type.Integer({ minimum: 0 })),
            monitor: Type.Optional(id),
            target: Type.Optional(id),
            limit: Type.Integer({
              minimum: 1,
              maximum: attestationsPerPage.max,
              default: attestationsPerPage.default,
            }),
            cursor,
          },
          closed,
        ),
        response: { 200: attestationsSchema, default: problemAnswer },
      },
    },
    (request) => {
      const { round, monitor, target, limit } = request.query
      const { context } = source
      if (monitor !== undefined && !context.memberIds.includes(monitor as MonitorId))
        throw new HttpProblem('unknown-monitor', 'See /v1/monitors for those of the committee.')
      if (target !== undefined && !context.targetIds.includes(target as TargetId))
        throw new HttpProblem('unknown-target', 'See /v1/targets for those of the manifest.')
      // More keeps coming in above the page and within its last round, so a cursor names the last
      // attestation given, and how many of its round were there up to it.
      const place = request.query.cursor === undefined ? [] : readCursor(request.query.cursor, 4)
      const [roundMax, member = -1, shard = -1, given = 0] = place
      const found = source.attestations({
        round: round as Round | undefined,
        roundMax: roundMax as Round | undefined,
        monitor: monitor as MonitorId | undefined,
        target: target as TargetId | undefined,
        limit: Math.min(given + limit + attestationsPerPage.slack, attestationsPerPage.perRoundMax),
      })
      const rest = found.filter(
        ({ message }) =>
          message.round !== roundMax ||
          message.member > member ||
          (message.member === member && message.shard > shard),
      )
      const page = rest.slice(0, limit)
      const last = page.at(-1)
      const isLast = last === undefined || rest.length <= limit
      return {
        ...getFreshness(source, source.latest()),
        attestations: page.map((each) =>
          readAttestation(context, each, target as TargetId | undefined),
        ),
        next: isLast
          ? null
          : makeCursor([
              last.message.round,
              last.message.member,
              last.message.shard,
              found
                .slice(0, found.indexOf(last) + 1)
                .filter(({ message }) => message.round === last.message.round).length,
            ]),
      }
    },
  )

  app.get(
    '/v1/peers',
    {
      schema: {
        summary: 'Connected peers; not for pages of other sites',
        response: { 200: peersSchema, default: problemAnswer },
      },
    },
    () => {
      const peers = source.peers()
      return {
        ...getFreshness(source, source.latest()),
        peers: peers.slice(0, peersPerAnswerMax).map((peer) => ({
          peerId: peer.peerId,
          addresses: [...peer.addresses],
          direction: peer.direction,
          connectedAt: formatTime(peer.connectedAtMs),
          monitor: peer.monitor ?? null,
          agent: peer.agent ?? null,
          score: peer.score ?? null,
          latencyMs: peer.latencyMs ?? null,
        })),
        total: peers.length,
      }
    },
  )

  app.get(
    '/v1/status',
    {
      schema: {
        summary: 'This node; not for pages of other sites',
        response: { 200: statusSchema, default: problemAnswer },
      },
    },
    () => {
      const status = source.status()
      return {
        ...getFreshness(source, source.latest()),
        version: status.version,
        networkName: status.networkName,
        monitor: status.monitor ?? null,
        peerId: status.peerId,
        addresses: [...status.addresses],
        startedAt: formatTime(status.startedAtMs),
        now: formatTime(status.nowMs),
        epoch: status.epoch,
        view: status.view,
        clockRound: status.round ?? null,
        peers: source.peers().length,
        isQuarantined: status.isQuarantined,
        selfHealth: {
          healthy: status.selfHealth.healthy,
          cause: status.selfHealth.cause ?? null,
          reason: status.selfHealth.reason ?? null,
          canaries: status.selfHealth.canaries ?? null,
        },
        clockOffsetMs: status.clockOffsetMs ?? null,
        timeServer: status.timeServer ?? null,
        clockNotice: status.clockNotice ?? null,
        ready: status.ready,
        notReady: [...status.notReady],
      }
    },
  )
}

const toHexOrNull = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : toHex(bytes)
