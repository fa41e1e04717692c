import { defineKind, failed, readUntil } from '@watchfire/probes'
import { Type } from 'typebox'

/** A Redis server: does it answer PING? */
export const redisKind = defineKind({
  kind: 'redis',
  summary: 'A Redis server answers PING.',
  params: Type.Object(
    { host: Type.String(), port: Type.Integer({ minimum: 1, maximum: 65_535, default: 6379 }) },
    { additionalProperties: false },
  ),
  signals: () => [
    { name: 'latency', unit: 'us', scale: 0, aggregate: 'median', meaning: 'Connect and PING.' },
  ],
  identities: [],
  outcomes: ['refused', 'timeout', 'dns', 'unreachable', 'reset', 'auth', 'protocol'],
  defaultPolicy: (_params, { timeoutMs }) => ({
    reachedMin: 667,
    failedMin: 667,
    fallRounds: 2,
    riseRounds: 2,
    regionsMin: 0,
    networksMin: 0,
    operatorsMin: 0,
    thresholds: [{ signal: 'latency', above: timeoutMs * 500, severity: 'degraded' }],
  }),
  async probe({ host, port }, { net, phases }) {
    const connection = await net.connect({ host, port })
    if (!connection.ok) return connection.stop
    phases.begin('request')
    connection.value.write('PING\r\n')
    phases.begin('first-byte')
    const read = await readUntil(connection.value, net, (bytes) => bytes.length >= 7)
    if (!read.ok) return read.stop
    phases.end()
    const answer = read.value.received.toString('latin1')
    if (answer.startsWith('-NOAUTH')) return failed('auth', answer)
    if (!answer.startsWith('+PONG\r\n')) return failed('protocol', answer)
    return { status: 'reached', signals: { latency: phases.latencyUs() }, identities: {} }
  },
})
