import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** A strong validator: half of the sha256 of the bytes served. */
export function getEtag(bytes: Uint8Array | string): string {
  return `"${createHash('sha256').update(bytes).digest().subarray(0, 16).toString('base64url')}"`
}

/** RFC 9110 13.1.2: weak comparison against each tag of the list, or `*`. */
export function isMatch(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/**
 * Gives every successful read an ETag of the bytes it serves and answers 304 where the reader
 * holds them already. What sets no other rule is `no-cache`: kept, but asked about each time,
 * since what a node says of now is stale a round later (SPEC 9.5).
 */
export function addConditionalReads(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode !== 200) return payload
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
    if (!(typeof payload === 'string' || payload instanceof Uint8Array)) return payload
    const etag = getEtag(payload)
    reply.header('etag', etag)
    const held = request.headers['if-none-match']
    if (held === undefined || !isMatch(held, etag)) return payload
    reply.code(304)
    reply.removeHeader('content-length')
    reply.removeHeader('content-type')
    // The framework measures what HEAD leaves out, and cannot measure nothing at all.
    return request.method === 'HEAD' ? '' : null
  })
}
