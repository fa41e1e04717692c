import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Stop } from '../kind.ts'
import { makeCountedStream } from '../net/counted-stream.ts'
import type { Libp2pSession } from '../net/libp2p-session.ts'
import { describeError, failed, getErrorCode } from '../steps.ts'
import { connectionOutcomes } from '../parts/connection-outcomes.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const ADDRESS =
  /^\/(?:ip4|ip6|dns|dns4|dns6)\/([A-Za-z0-9._:-]{1,253})\/tcp\/([1-9][0-9]{0,4})(?:\/p2p\/([1-9A-HJ-NP-Za-km-z]{46,64}))?$/

const paramsSchema = strictObject({
  multiaddr: Type.String({
    maxLength: 512,
    pattern: ADDRESS.source,
    examples: [
      '/dns4/example.com/tcp/4001/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5',
    ],
    description: 'Where it is, over TCP; with /p2p/… whom it must be.',
  }),
  protocols: Type.Array(Type.String({ minLength: 1, maxLength: 128, pattern: '^[!-~]+$' }), {
    default: [],
    maxItems: 16,
    description: 'Protocols that the peer must name.',
  }),
})

/** Bytes of all that a peer sends. */
const BYTES_MAX = 1_048_576

/** A libp2p peer: does it shake hands, answer a ping, and say who it is? */
export const libp2pKind = defineKind({
  kind: 'libp2p',
  summary: 'A libp2p peer shakes hands over TCP with Noise, identifies itself and answers a ping.',
  params: paramsSchema,
  check: ({ multiaddr }) => {
    const port = Number(ADDRESS.exec(multiaddr)?.[2])
    return port <= 65_535
      ? []
      : [{ path: ['multiaddr'], code: 'bad-address', expected: 'a port up to 65535' }]
  },
  signals: () => [
    latencySignal('From the first packet to the end of the handshakes: TCP, Noise and Yamux.'),
    {
      name: 'round-trip',
      unit: 'us',
      scale: 0,
      aggregate: 'median',
      meaning: 'From a ping (/ipfs/ping/1.0.0) to its echo, the stream’s opening included.',
    },
    {
      name: 'protocols',
      unit: 'protocols',
      scale: 0,
      aggregate: 'median',
      meaning: 'Protocols that the peer names.',
    },
  ],
  identities: [
    { name: 'peer', meaning: 'SHA-256 of the peer id, as text.' },
    { name: 'agent', meaning: 'SHA-256 of the agent’s name and version.', optional: true },
  ],
  outcomes: [...connectionOutcomes, 'protocol', 'too-large', 'content'],
  defaultPolicy: (_params, { timeoutMs }) => makePolicy([slowThreshold(timeoutMs)]),
  probe,
})

async function probe(
  { multiaddr, protocols }: Static<typeof paramsSchema>,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const [, host = '', port, peerId] = ADDRESS.exec(multiaddr) ?? []
  // The library is large: nodes and commands that ask no such target do without.
  const { withLibp2pSession } = await import('../net/libp2p-session.ts')
  const connection = await context.net.connect({ host, port: Number(port) })
  if (!connection.ok) return connection.stop
  const socket = connection.value
  const counted = makeCountedStream(socket, BYTES_MAX, context.net)
  context.phases.begin('tls')
  try {
    return await withLibp2pSession(socket, counted, context, async (session) =>
      peerId === undefined || session.peerId === peerId
        ? use(session, protocols, context)
        : failed('certificate', `is ${session.peerId}`),
    )
  } catch (error) {
    return counted.getStop() ?? judgeLibp2pError(error, socket)
  }
}

async function use(
  session: Libp2pSession,
  protocols: readonly string[],
  { phases, signal }: ProbeContext,
): Promise<ProbeAnswer> {
  phases.end()
  const latency = phases.latencyUs()
  phases.begin('first-byte')
  await session.ping({ signal })
  phases.end()
  const roundTrip = phases.latencyUs() - latency
  phases.begin('transfer')
  const { protocols: spoken, agentVersion } = await session.identify({ signal })
  phases.end()
  const missing = protocols.find((protocol) => !spoken.includes(protocol))
  if (missing !== undefined) return failed('content', `does not speak ${missing}`)
  return {
    status: 'reached',
    signals: { latency, 'round-trip': roundTrip, protocols: BigInt(spoken.length) },
    identities: {
      peer: hash(session.peerId),
      ...(agentVersion === undefined ? {} : { agent: hash(agentVersion) }),
    },
  }
}

function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

/** What libp2p's errors say; it wraps what came first, so that is looked for too. */
function judgeLibp2pError(error: unknown, socket: Socket): Stop {
  // Not what its event told: a failed write is heard of here before that.
  const socketError = socket.errored ?? undefined
  const names = listErrors(error).map(({ name }) => name)
  const detail = describeError(error)
  if (socketError !== undefined || names.some((name) => CLOSED.has(name)) || socket.readableEnded) {
    const code = getErrorCode(socketError)
    return failed('reset', `closed${code === undefined ? '' : `: ${code}`} (${detail})`)
  }
  if (names.includes('EncryptionFailedError')) return failed('tls', detail)
  return failed('protocol', detail)
}

const CLOSED = new Set([
  'UnexpectedEOFError',
  'StreamClosedError',
  'StreamResetError',
  'ConnectionClosedError',
])

function listErrors(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return [error, ...[...inner, error.cause].flatMap(listErrors)]
}
