import { toHex } from '@watchfire/attestation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { FeedEvidence, FeedSource } from '../../feed-source.ts'
import { makeCursor, readCursor } from '../cursor.ts'
import { readEvidence } from '../evidence-reading.ts'
import { getFreshness } from '../freshness.ts'
import type { App, RouteContext } from '../http-app.ts'
import { negotiate } from '../negotiate.ts'
import { HttpProblem } from '../problem.ts'
import { evidenceSchema, oneEvidenceSchema, problemAnswer } from '../schemas.ts'

const perPage = { default: 50, max: 200 } as const
const publicRead = { isPublic: true }

/** Members that signed two things for one place, and the proof (SPEC 8.4, 9.6). */
export function addEvidenceRoutes(app: App, { source }: RouteContext): void {
  app.get(
    '/v1/evidence',
    {
      config: publicRead,
      schema: {
        summary: 'Members that signed two things for one place, with the proof',
        querystring: Type.Object(
          {
            limit: Type.Integer({ minimum: 1, maximum: perPage.max, default: perPage.default }),
            cursor: Type.Optional(
              Type.String({ maxLength: 256, description: '`next` of the page before' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: evidenceSchema, default: problemAnswer },
      },
    },
    (request) => {
      const [from = 0] =
        request.query.cursor === undefined ? [] : readCursor(request.query.cursor, 1)
      const to = from + request.query.limit
      const all = source.evidence()
      return {
        ...getFreshness(source, source.latest()),
        evidence: all.slice(from, to).map((each) => readEvidence(source, each)),
        next: to < all.length ? makeCursor([to]) : null,
      }
    },
  )

  app.get(
    '/v1/evidence/:digest',
    {
      config: publicRead,
      schema: {
        summary: 'One piece of evidence; its bytes never change',
        params: Type.Object({ digest: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
        response: {
          200: {
            description: 'The evidence file (SPEC 9.6), or what it says for people',
            content: {
              'application/octet-stream': { schema: Type.String({ format: 'binary' }) },
              'application/json': { schema: oneEvidenceSchema },
            },
          },
          default: problemAnswer,
        },
      },
    },
    (request, reply) => {
      const found = source.evidence().find(({ digest }) => toHex(digest) === request.params.digest)
      if (found === undefined)
        throw new HttpProblem('unknown-evidence', 'See /v1/evidence for what is known here.')
      sendEvidence(source, found, request, reply)
    },
  )
}

function sendEvidence(
  source: FeedSource,
  known: FeedEvidence,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  reply.header('vary', 'accept')
  switch (negotiate(request.headers.accept, ['application/json', 'application/octet-stream'])) {
    case 'application/json': {
      const freshness = getFreshness(source, source.latest())
      reply.type('application/json').send({ ...freshness, evidence: readEvidence(source, known) })
      return
    }
    case 'application/octet-stream': {
      const { buffer, byteOffset, byteLength } = known.file
      reply
        .type('application/octet-stream')
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(Buffer.from(buffer, byteOffset, byteLength))
      return
    }
    default:
      throw new HttpProblem(
        'not-acceptable',
        'There is application/octet-stream and application/json.',
      )
  }
}
