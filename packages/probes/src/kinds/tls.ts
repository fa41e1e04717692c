import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { failed } from '../steps.ts'
import { connectionOutcomes } from '../parts/connection-outcomes.ts'
import { expiryThresholds, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { hostSchema, portSchema, servernameSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'
import { getTlsVersion, readTls, tlsSignals } from '../parts/tls-signals.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: portSchema,
  servername: servernameSchema,
  minVersion: Type.Union([Type.Literal('1.2'), Type.Literal('1.3')], {
    default: '1.2',
    description: 'Version of TLS that the server must at least take.',
  }),
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
    ...tlsSignals,
  ],
  identities: [
    { name: 'certificate', meaning: 'SHA-256 of the server’s certificate (DER).' },
    { name: 'issuer', meaning: 'SHA-256 of the name of who issued it, a part a line.' },
  ],
  outcomes: connectionOutcomes,
  defaultPolicy: (_params, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), ...expiryThresholds]),
  probe,
})

async function probe(
  { host, port, servername, alpn, minVersion }: Static<typeof paramsSchema>,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const { net, phases } = context
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
  if (minVersion === '1.3' && getTlsVersion(secured.value) < 13n) {
    return failed('tls', 'took no TLS 1.3')
  }
  const read = readTls(secured.value, context)
  if (!read.ok) return read.stop
  const { leaf } = read.value.chain
  return {
    status: 'reached',
    signals: { latency: phases.latencyUs(), ...read.value.signals },
    identities: { certificate: hash(leaf.raw), issuer: hash(leaf.issuer) },
  }
}

function hash(bytes: Uint8Array | string): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
