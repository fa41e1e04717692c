import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type Stop } from '../kind.ts'
import { callGrpc, type GrpcReply } from '../net/grpc-call.ts'
import { failed } from '../steps.ts'
import { expiryThresholds, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import {
  encodeHealthRequest,
  readHealthResponse,
  servingStatuses,
} from '../protocols/grpc/health-messages.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { hostSchema, portSchema, servernameSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'
import { readTls, tlsSignals } from '../parts/tls-signals.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: portSchema,
  tls: Type.Boolean({ default: true, description: 'Whether the server is asked with TLS.' }),
  servername: servernameSchema,
  service: Type.String({
    default: '',
    maxLength: 256,
    pattern: '^[!-~]*$',
    description: 'Service whose health is asked for; empty: the whole server’s.',
  }),
})
type Params = Static<typeof paramsSchema>

const MESSAGE_BYTES_MAX = 1024
const BYTES_MAX = 65_536
/** Codes of google.rpc that say more than that the server is not well. */
const NOT_FOUND = 5
const UNIMPLEMENTED = 12
const REFUSED_CREDENTIALS = new Set([7, 16])

/** A gRPC server: does it say that it serves? */
export const grpcHealthKind = defineKind({
  kind: 'grpc-health',
  summary: 'A gRPC server says of a service that it serves (grpc.health.v1).',
  params: paramsSchema,
  signals: ({ tls }) => [
    latencySignal('From the first packet to the end of the call: a connection and one call.'),
    ...(tls ? tlsSignals : []),
  ],
  identities: [],
  outcomes: [...httpOutcomes.filter((outcome) => outcome !== 'redirect'), 'content'],
  defaultPolicy: ({ tls }, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), ...(tls ? expiryThresholds : [])]),
  probe,
})

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const { host, port, tls, servername, service } = params
  const connection = await context.net.connect({ host, port })
  if (!connection.ok) return connection.stop
  let socket = connection.value
  let tlsRead: Readonly<Record<string, bigint>> = {}
  if (tls) {
    const secured = await context.net.secure(socket, { host: servername ?? host, alpn: ['h2'] })
    if (!secured.ok) return secured.stop
    if (secured.value.alpnProtocol !== 'h2') return failed('tls', 'does not speak HTTP/2')
    const read = readTls(secured.value, context)
    if (!read.ok) return read.stop
    tlsRead = read.value.signals
    socket = secured.value
  }
  const called = await callGrpc(
    socket,
    {
      authority: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      isSecure: tls,
      path: '/grpc.health.v1.Health/Check',
      message: encodeHealthRequest(service),
      messageBytesMax: MESSAGE_BYTES_MAX,
      bytesMax: BYTES_MAX,
    },
    context,
  )
  if (!called.ok) return called.stop
  const latency = context.phases.latencyUs()
  const fault = judgeReply(called.value)
  if (fault !== undefined) return fault
  return { status: 'reached', signals: { latency, ...tlsRead }, identities: {} }
}

function judgeReply(reply: GrpcReply): Stop | undefined {
  if ('message' in reply) {
    const serving = readHealthResponse(reply.message)
    if (serving === undefined) return failed('protocol', 'no HealthCheckResponse')
    return serving === servingStatuses.SERVING
      ? undefined
      : failed('content', `says ${nameServing(serving)}`)
  }
  const { status, detail } = reply
  const words = `status ${status}: ${detail}`
  if (status === NOT_FOUND) return failed('content', `knows no such service; ${words}`)
  if (status === UNIMPLEMENTED) return failed('protocol', `no health service; ${words}`)
  return failed(REFUSED_CREDENTIALS.has(status) ? 'auth' : 'status', words)
}

function nameServing(status: number): string {
  const entry = Object.entries(servingStatuses).find(([, value]) => value === status)
  return entry?.[0] ?? `status ${status}`
}
