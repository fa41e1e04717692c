import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Step, type Stop } from '../kind.ts'
import { openWebSocket, type WebSocketChannel } from '../net/web-socket.ts'
import { done, failed, stopped } from '../steps.ts'
import { expiryThresholds, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import {
  checkHeaders,
  checkUrl,
  accessParams,
  strictObject,
  webSocketUrlSchema,
} from '../parts/schemas.ts'
import { checkPatterns, findPatterns, patternsSchema, placePatterns } from '../parts/patterns.ts'
import { latencySignal } from '../parts/signals.ts'
import { readTls, tlsSignals } from '../parts/tls-signals.ts'

const paramsSchema = strictObject({
  url: webSocketUrlSchema,
  ...accessParams,
  protocols: Type.Array(
    Type.String({ minLength: 1, maxLength: 64, pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }),
    {
      default: [],
      maxItems: 8,
      uniqueItems: true,
      description: 'Subprotocols to offer; the server must take one of them.',
    },
  ),
  send: Type.Optional(
    Type.String({ maxLength: 1024, description: 'Text message to send once it is open.' }),
  ),
  contains: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Text that the server’s first message must contain.',
    }),
  ),
  matches: patternsSchema('Patterns that its first message must match, all of them.'),
})

const MESSAGE_BYTES_MAX = 262_144
const BYTES_MAX = 1_048_576

/** A WebSocket: does it open, answer a ping, and say what it should? */
export const webSocketKind = defineKind({
  kind: 'websocket',
  summary: 'A WebSocket opens, says the expected text, and answers a ping.',
  params: paramsSchema,
  check: ({ url, headers, matches }) => [
    ...checkUrl('url', url),
    ...checkHeaders('headers', headers),
    ...checkPatterns(placePatterns('matches', matches), MESSAGE_BYTES_MAX),
  ],
  signals: ({ url }) => [
    latencySignal('From the first packet to the open WebSocket, or to the expected text.'),
    {
      name: 'round-trip',
      unit: 'us',
      scale: 0,
      aggregate: 'median',
      meaning: 'From a ping on the open WebSocket to its pong.',
    },
    ...(isSecure(url) ? tlsSignals : []),
  ],
  identities: [],
  outcomes: [...httpOutcomes, 'content'],
  defaultPolicy: ({ url }, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), ...(isSecure(url) ? expiryThresholds : [])]),
  probe,
})

function isSecure(url: string): boolean {
  return url.toLowerCase().startsWith('wss:')
}

async function probe(
  { url, headers, protocols, send, contains, matches }: Static<typeof paramsSchema>,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const { phases } = context
  const bounds = { messageBytesMax: MESSAGE_BYTES_MAX, bytesMax: BYTES_MAX }
  const opened = await openWebSocket(new URL(url), { headers, protocols, ...bounds }, context)
  if (!opened.ok) return opened.stop
  const channel = opened.value
  if (send !== undefined) {
    phases.begin('request')
    channel.send(send)
  }
  if (contains !== undefined || matches !== undefined) {
    phases.begin('first-byte')
    const received = await channel.receive()
    if (!received.ok) return received.stop
    const fault = judgeMessage(received.value.data, { contains, matches }, context)
    if (fault !== undefined) return fault
  }
  phases.end()
  const latency = phases.latencyUs()
  const pinged = await ping(channel, context)
  if (!pinged.ok) return pinged.stop
  const signals = { latency, 'round-trip': pinged.value }
  if (channel.secured === undefined) return { status: 'reached', signals, identities: {} }
  const read = readTls(channel.secured, context)
  if (!read.ok) return read.stop
  return { status: 'reached', signals: { ...signals, ...read.value.signals }, identities: {} }
}

async function ping(channel: WebSocketChannel, { phases }: ProbeContext): Promise<Step<bigint>> {
  const beforeUs = phases.latencyUs()
  phases.begin('first-byte')
  const pinged = await channel.ping()
  phases.end()
  return pinged.ok ? done(phases.latencyUs() - beforeUs) : stopped(pinged.stop)
}

/** What is wrong with the first message. */
function judgeMessage(
  data: Buffer,
  expected: {
    readonly contains: string | undefined
    readonly matches: readonly string[] | undefined
  },
  context: ProbeContext,
): Stop | undefined {
  const { contains, matches = [] } = expected
  if (contains !== undefined && !data.includes(contains)) {
    return failed('content', 'the text is not in the first message')
  }
  const searched = context.compute(() => findPatterns(matches, data.toString('utf8')))
  if (!searched.ok) return searched.stop
  const missing = matches.find((_pattern, index) => !searched.value.has(index))
  return missing === undefined
    ? undefined
    : failed('content', `the first message does not match ${missing}`)
}
