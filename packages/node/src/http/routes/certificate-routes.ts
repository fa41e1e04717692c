import {
  certificateType,
  encode,
  groupStateType,
  type Height,
  listGroupIds,
  makeGroupProof,
  type TargetId,
  targetStateType,
  toHex,
  toText,
  viewGroups,
} from '@watchfire/attestation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { FeedRecord, FeedSource } from '../../feed-source.ts'
import { readCertificate } from '../certificate-reading.ts'
import { getFreshness } from '../freshness.ts'
import { readGroup } from '../health-reading.ts'
import type { App, RouteContext } from '../http-app.ts'
import { negotiate } from '../negotiate.ts'
import { HttpProblem } from '../problem.ts'
import { certificateSchema, groupProofSchema, problemAnswer, proofSchema } from '../schemas.ts'
import { getVerdictName, readTarget } from '../target-reading.ts'
import { getAtHeight, getAtRound, getLatest, toProblem } from './find-record.ts'

const number = Type.Integer({ minimum: 0 })
const publicRead = { isPublic: true }
const certificateAnswer = {
  200: {
    description: 'The certificate file (SPEC 9.2), or what it says for people',
    content: {
      'application/octet-stream': { schema: Type.String({ format: 'binary' }) },
      'application/json': { schema: certificateSchema },
    },
  },
  default: problemAnswer,
}

/** Certificates by height and by round, proofs, and the stream of new ones. */
export function addCertificateRoutes(app: App, { source, events }: RouteContext): void {
  app.get(
    '/v1/certificates/latest',
    {
      config: publicRead,
      schema: { summary: 'The newest certificate', response: certificateAnswer },
    },
    (request, reply) => {
      sendCertificate(source, getLatest(source), request, reply, false)
    },
  )

  app.get(
    '/v1/certificates/:height',
    {
      config: publicRead,
      schema: {
        summary: 'The certificate of a height; its bytes never change',
        params: Type.Object({ height: number }),
        response: certificateAnswer,
      },
    },
    (request, reply) => {
      sendCertificate(source, getAtHeight(source, request.params.height), request, reply, true)
    },
  )

  app.get(
    '/v1/certificates/round/:round',
    {
      config: publicRead,
      schema: {
        summary: 'The certificate of a round; its bytes never change',
        params: Type.Object({ round: number }),
        response: certificateAnswer,
      },
    },
    (request, reply) => {
      sendCertificate(source, getAtRound(source, request.params.round), request, reply, true)
    },
  )

  app.get(
    '/v1/proofs/:target',
    {
      config: publicRead,
      schema: {
        summary: 'One target with the proof that it is in a certified state',
        params: Type.Object({ target: Type.String({ minLength: 1, maxLength: 64 }) }),
        querystring: Type.Object(
          { height: Type.Optional(Type.Integer({ minimum: 1 })) },
          { additionalProperties: false },
        ),
        response: { 200: proofSchema, default: problemAnswer },
      },
    },
    (request) => {
      const { height } = request.query
      if (height === undefined) getLatest(source)
      const answer = source.proof(request.params.target as TargetId, height as Height | undefined)
      if (!answer.ok) {
        if (answer.code === 'no-target') throw new HttpProblem('unknown-target', answer.detail)
        throw toProblem(source, answer, undefined)
      }
      const { record, target, targetIndex, branch } = answer.proof
      const definition = source.context.parameters.targets[targetIndex]
      if (definition === undefined) throw new Error(`no target has index ${targetIndex}`)
      const reading = readTarget(source.context, definition, target, record.state.groups)
      return {
        ...getFreshness(source, record, {
          since: reading.since ?? source.context.parameters.originRound,
          observedWeight: target.reached + target.failed,
        }),
        target: reading,
        index: targetIndex,
        certificate: toBase64(encode(certificateType, record.certificate)),
        leaf: toBase64(encode(targetStateType, target)),
        branch: branch.map((sibling) => toHex(sibling)),
      }
    },
  )

  app.get(
    '/v1/proofs/groups/:group',
    {
      config: publicRead,
      schema: {
        summary: 'One group with the proof that it is in a certified state',
        params: Type.Object({ group: Type.String({ minLength: 1, maxLength: 64 }) }),
        querystring: Type.Object(
          { height: Type.Optional(Type.Integer({ minimum: 1 })) },
          { additionalProperties: false },
        ),
        response: { 200: groupProofSchema, default: problemAnswer },
      },
    },
    (request) => {
      const { context } = source
      const { height } = request.query
      const record = height === undefined ? getLatest(source) : getAtHeight(source, height)
      const index = listGroupIds(context.parameters).indexOf(request.params.group)
      const group = record.state.groups[index]
      const reading = viewGroups(context, record.state)[index]
      if (group === undefined || reading === undefined)
        throw new HttpProblem('unknown-group', 'See /v1/groups for those of the manifest.')
      return {
        ...getFreshness(source, record),
        group: readGroup(source, reading),
        index,
        certificate: toBase64(encode(certificateType, record.certificate)),
        leaf: toBase64(encode(groupStateType, group)),
        branch: makeGroupProof(record.state, index).map((sibling) => toHex(sibling)),
      }
    },
  )

  app.get(
    '/v1/events',
    {
      config: publicRead,
      exposeHeadRoute: false,
      schema: {
        summary: 'New certificates as server-sent events; resumes after any stored height',
        description:
          'Events: `certificate` (id: the height; data: height, round, parentRound, and the ' +
          'certificate file as base64), `agreement` (data: as every answer carries; at the start ' +
          'and whenever agreement or staleness changes), `evidence` (data: as of /v1/evidence; what is ' +
          'known at the start, and each piece when it becomes known and when a block holds it), `reset` (data: after, next; what lay ' +
          'between is not kept).',
        querystring: Type.Object(
          { after: Type.Optional(Type.Integer({ minimum: 0 })) },
          { additionalProperties: false },
        ),
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.Integer({ minimum: 0 })),
        }),
        response: {
          200: {
            description: 'An endless stream',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
          default: problemAnswer,
        },
      },
    },
    (request, reply) => {
      const refusal = events.refuse(request.ip)
      if (refusal !== undefined) {
        reply.header('retry-after', '10')
        throw new HttpProblem('too-many-subscribers', refusal)
      }
      const after = request.headers['last-event-id'] ?? request.query.after
      reply.hijack()
      events.serve(reply.raw, reply.getHeaders(), request.ip, after)
    },
  )
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function sendCertificate(
  source: FeedSource,
  record: FeedRecord,
  request: FastifyRequest,
  reply: FastifyReply,
  isFixed: boolean,
): void {
  reply.header('vary', 'accept')
  const type = negotiate(request.headers.accept, ['application/json', 'application/octet-stream'])
  if (type === undefined)
    throw new HttpProblem(
      'not-acceptable',
      'There is application/octet-stream and application/json.',
    )
  const freshness = getFreshness(source, record)
  if (type === 'application/json') {
    const targets: Record<string, string> = {}
    for (const target of record.state.targets)
      targets[toText(target.id)] = getVerdictName(target.verdict)
    reply.type('application/json').send({
      ...freshness,
      certificate: readCertificate(source, record),
      targets,
      bytes: record.file.length,
    })
    return
  }
  reply
    .type('application/octet-stream')
    .header('watchfire-height', record.height)
    .header('watchfire-round', record.round)
    .header('watchfire-since', freshness.since)
    .header('watchfire-valid-until', freshness.validUntil)
    .header(
      'watchfire-observed',
      `${freshness.observed?.weight}/${freshness.observed?.weightTotal}`,
    )
  // What is kept for ever must not say what only holds now.
  if (isFixed) reply.header('cache-control', 'public, max-age=31536000, immutable')
  else reply.header('watchfire-stale', String(freshness.stale))
  reply.send(Buffer.from(record.file.buffer, record.file.byteOffset, record.file.byteLength))
}
