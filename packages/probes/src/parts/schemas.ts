import { type TSchema, Type } from 'typebox'
import type { ParamsProblem } from '../kind.ts'

// Pieces of parameter schemas that kinds share.

/** An object that takes no other properties than these: a misspelt one is refused, not ignored. */
export function strictObject<const P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}

export const hostSchema = Type.String({
  minLength: 1,
  maxLength: 253,
  pattern: '^[A-Za-z0-9._:-]+$',
  examples: ['example.com'],
  description: 'Name or address, without brackets or port.',
})

export const portSchema = Type.Integer({
  minimum: 1,
  maximum: 65_535,
  examples: [443],
  description: 'TCP port.',
})

/** Of a certificate's name, where it is another than that of the host. */
export const servernameSchema = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[A-Za-z0-9._:-]+$',
    description: 'Name that the certificate must be for, where it is not `host`.',
  }),
)

export const urlSchema = Type.String({
  minLength: 8,
  maxLength: 2048,
  pattern: '^https?://[!-~]+$',
  examples: ['https://example.com/'],
  description: 'http or https URL, without user, password or fragment.',
})

/** Of a server that may be asked over a WebSocket as well. */
export const rpcUrlSchema = Type.String({
  minLength: 6,
  maxLength: 2048,
  pattern: '^(https?|wss?)://[!-~]+$',
  examples: ['https://example.com/'],
  description: 'http, https, ws or wss URL, without user, password or fragment.',
})

/** Of what is asked over a WebSocket only. */
export const webSocketUrlSchema = Type.String({
  minLength: 6,
  maxLength: 2048,
  pattern: '^wss?://[!-~]+$',
  examples: ['wss://example.com/'],
  description: 'ws or wss URL, without user, password or fragment.',
})

/** What a pattern cannot say of a URL. */
export function checkUrl(field: string, text: string): readonly ParamsProblem[] {
  const problem = (expected: string) => [{ path: [field], code: 'bad-url', expected, got: text }]
  if (!URL.canParse(text)) return problem('a URL')
  const url = new URL(text)
  if (url.port === '0') return problem('a port from 1 to 65535')
  return url.hash === '' ? [] : problem('no fragment')
}

export const headersSchema = Type.Record(
  Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$" }),
  Type.String({ maxLength: 512, pattern: '^[ -~]*$' }),
  {
    default: {},
    maxProperties: 16,
    description:
      'Request headers, for the URL’s own origin only. A manifest is public: no secrets.',
  },
)

/**
 * Of a target that answers only to who is known there. A kind whose parameters have `secret` and a
 * URL takes what an operator binds; nothing of it ever comes to the kind.
 */
export const secretSchema = Type.Optional(
  Type.Literal('required', {
    description: 'A monitor whose operator has bound no secret to the target abstains.',
  }),
)

/** Parameters that every kind asked by URL has. */
export const accessParams = { headers: headersSchema, secret: secretSchema }

/** Name of a signal that a target's parameters make up: an identifier (SPEC 1). */
export const signalNameSchema = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,31}$',
  description: 'Name of the signal.',
})

export const unitSchema = Type.String({
  default: 'units',
  pattern: '^[a-z0-9][a-z0-9._-]{0,15}$',
  description: 'What the signal is in.',
})

export const scaleSchema = Type.Integer({
  default: 0,
  minimum: 0,
  maximum: 18,
  description: 'Decimal digits of the signal.',
})

/** Headers that say how the exchange itself is done. */
const RESERVED_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'upgrade',
  'keep-alive',
  'expect',
  'te',
  'trailer',
])
/** Those of a WebSocket's handshake. */
const RESERVED_PREFIX = 'sec-websocket-'

/** Headers that a probe sets itself cannot be asked for. */
export function checkHeaders(
  field: string,
  headers: Readonly<Record<string, string>>,
): readonly ParamsProblem[] {
  return Object.keys(headers)
    .filter((name) => isReservedHeader(name.toLowerCase()))
    .map((name) => ({
      path: [field, name],
      code: 'reserved-header',
      expected: 'a header that the probe does not set itself',
      got: name,
    }))
}

/** @param name - in lower case */
export function isReservedHeader(name: string): boolean {
  return RESERVED_HEADERS.has(name) || name.startsWith(RESERVED_PREFIX)
}
