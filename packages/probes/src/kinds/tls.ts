import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { failed } from '../steps.ts'
import { expiryThreshold, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { hostSchema, portSchema, strictObject } from '../parts/schemas.ts'
import { expirySignal, latencySignal, readCertificate } from '../parts/signals.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: portSchema,
  servername: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 253,
      pattern: '^[A-Za-z0-9._:-]+$',
      description: 'Name that the certificate must be for, where it is not `host`.',
    }),
  ),
  alpn: Type.Array(Type.String({ minLength: 1, maxLength: 32, pattern: '^[!-~]+$' }), {
    default: [],
    maxItems: 4,
    description: 'Protocols to offer; the server must take one of them.',
  }),
})

/** A TLS service: does it shake hands, with a certificate that holds? */
export const tlsKind = defineKind({
  kind: 'tls',
  summary: 'A TLS service shakes hands with a certificate that is valid for its name.',
  params: paramsSchema,
  signals: () => [
    latencySignal('From the first packet to the end of the handshake.'),
    expirySignal,
  ],
  identities: [{ name: 'certificate', meaning: 'SHA-256 of the server’s certificate (DER).' }],
  outcomes: ['refused', 'timeout', 'dns', 'tls', 'certificate', 'unreachable', 'reset'],
  defaultPolicy: (_params, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), expiryThreshold]),
  probe,
})

async function probe(
  { host, port, servername, alpn }: Static<typeof paramsSchema>,
  { net, phases, roundStartMs }: ProbeContext,
): Promise<ProbeAnswer> {
  const connection = await net.connect({ host, port })
  if (!connection.ok) return connection.stop
  const secured = await net.secure(connection.value, {
    host: servername ?? host,
    ...(alpn.length === 0 ? {} : { alpn }),
  })
  if (!secured.ok) return secured.stop
  phases.end()
  if (alpn.length > 0 && secured.value.alpnProtocol === false) {
    return failed('tls', `took none of ${alpn.join(', ')}`)
  }
  const certificate = readCertificate(secured.value, roundStartMs)
  if (!certificate.ok) return certificate.stop
  return {
    status: 'reached',
    signals: { latency: phases.latencyUs(), 'expires-in': certificate.value.expiresIn },
    identities: { certificate: createHash('sha256').update(certificate.value.raw).digest() },
  }
}
