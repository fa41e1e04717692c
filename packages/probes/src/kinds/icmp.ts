import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { medianSignal } from '../parts/chain-params.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { hostSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  payloadBytes: Type.Integer({
    default: 56,
    minimum: 16,
    maximum: 8192,
    description: 'Bytes that are sent along, and back.',
  }),
  dontFragment: Type.Boolean({
    default: false,
    description: 'Routers must not split it: what is too large for the way is told.',
  }),
  hopsMax: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 255,
      description: 'Hops that it may take (TTL, hop limit): a host further away is unreachable.',
    }),
  ),
})

/** A host that answers an echo request: it is there, whatever runs on it. */
export const icmpKind = defineKind({
  kind: 'icmp',
  summary: 'A host answers a ping.',
  params: paramsSchema,
  signals: () => [
    latencySignal('From the echo request to its reply, as the system’s ping measures it.'),
    medianSignal('hop-limit', 'hops', 'TTL or hop limit that the reply arrived with.'),
  ],
  identities: [],
  outcomes: ['timeout', 'dns', 'unreachable', 'too-large'],
  defaultPolicy: (_params, { timeoutMs }) => makePolicy([slowThreshold(timeoutMs)]),
  probe,
})

async function probe(
  { host, ...request }: Static<typeof paramsSchema>,
  { net }: ProbeContext,
): Promise<ProbeAnswer> {
  const replied = await net.ping(host, request)
  if (!replied.ok) return replied.stop
  const { roundTripUs, hopLimit } = replied.value
  return {
    status: 'reached',
    signals: { latency: BigInt(roundTripUs), 'hop-limit': BigInt(hopLimit) },
    identities: {},
  }
}
