import type { FastifyReply } from 'fastify'

/**
 * Every error the HTTP surface answers with: a closed set, part of the API (`docs/api.md`).
 * The number is the HTTP status, the text the title.
 */
export const problems = {
  'bad-request': [400, 'The request does not fit its schema'],
  'bad-cursor': [400, 'The cursor is not one this node gave'],
  'not-found': [404, 'There is no such resource'],
  'unknown-target': [404, 'The manifest has no such target'],
  'unknown-monitor': [404, 'The committee has no such monitor'],
  'unknown-group': [404, 'The manifest has no such group'],
  'unknown-evidence': [404, 'No such evidence is known here'],
  'round-not-due': [404, 'That round has not begun'],
  'round-pending': [404, 'That round has begun and has no certificate yet'],
  'height-pending': [404, 'No certificate of that height yet'],
  gap: [404, 'No certificate covers that round, and none will'],
  'not-kept': [404, 'This node does not keep that any more'],
  'no-such-round': [404, 'That round lies before the first of the network'],
  'method-not-allowed': [405, 'This surface only reads'],
  'not-acceptable': [406, 'None of the accepted media types is served here'],
  'host-not-allowed': [421, 'This node does not answer for that host name'],
  'too-many-requests': [429, 'Too many requests'],
  'too-many-subscribers': [503, 'All event streams are taken'],
  'no-certificate-yet': [503, 'This node holds no certificate yet'],
  internal: [500, 'The node failed to answer'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof problems

/** A problem document of RFC 9457, with `code` as the machine's word for it. */
export interface ProblemDocument {
  type: string
  title: string
  status: number
  detail: string
  code: ProblemCode
  [extension: string]: unknown
}

/** An operating fault on its way to the reader; the error handler turns it into a document. */
export class HttpProblem extends Error {
  readonly code: ProblemCode
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(
    code: ProblemCode,
    detail: string,
    extensions: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
    this.name = 'HttpProblem'
    this.code = code
    this.extensions = extensions
  }
}

/** The document for a code, with what is particular to this answer. */
export function makeProblem(
  code: ProblemCode,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemDocument {
  const [status, title] = problems[code]
  return { type: `urn:watchfire:problem:${code}`, title, status, detail, code, ...extensions }
}

/** Sends a problem as `application/problem+json`; never cached. */
export function sendProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const document = makeProblem(code, detail, extensions)
  // A string is sent as it is: a route's schema would drop what this problem adds.
  return reply
    .code(document.status)
    .header('cache-control', 'no-store')
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(document))
}
