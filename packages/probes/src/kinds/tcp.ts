import { TLSSocket } from 'node:tls'
import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { connectionOutcomes } from '../parts/connection-outcomes.ts'
import { expiryThresholds, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { hostSchema, portSchema, servernameSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'
import { readTls, tlsSignals } from '../parts/tls-signals.ts'
import { checkDialogue, dialogueSchema } from '../protocols/dialogue/dialogue-schema.ts'
import { holdDialogue } from '../protocols/dialogue/hold-dialogue.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: portSchema,
  tls: Type.Boolean({ default: false, description: 'Whether TLS begins at once.' }),
  servername: servernameSchema,
  dialogue: dialogueSchema,
})
type Params = Static<typeof paramsSchema>

/** A TCP service: does it accept connections, and say what it should? */
export const tcpKind = defineKind({
  kind: 'tcp',
  summary: 'A TCP service accepts a connection, and holds the expected dialogue.',
  params: paramsSchema,
  check: ({ dialogue = [], tls }) => checkDialogue(dialogue, tls),
  signals: (params) => [
    latencySignal('From the first packet to the open connection, or to the end of the dialogue.'),
    ...(speaksTls(params) ? tlsSignals : []),
  ],
  identities: [],
  outcomes: [...connectionOutcomes, 'protocol', 'too-large', 'content'],
  defaultPolicy: (params, { timeoutMs }) =>
    makePolicy([slowThreshold(timeoutMs), ...(speaksTls(params) ? expiryThresholds : [])]),
  probe,
})

function speaksTls({ tls, dialogue = [] }: Pick<Params, 'tls' | 'dialogue'>): boolean {
  return tls || dialogue.some(({ startTls }) => startTls === true)
}

async function probe(
  { host, port, tls, servername, dialogue = [] }: Params,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const { net, phases } = context
  const name = servername ?? host
  const connection = await net.connect({ host, port })
  if (!connection.ok) return connection.stop
  const begun = tls ? await net.secure(connection.value, { host: name }) : connection
  if (!begun.ok) return begun.stop
  const held = await holdDialogue(dialogue, begun.value, name, context)
  if (!held.ok) return held.stop
  const latency = phases.latencyUs()
  if (!(held.value instanceof TLSSocket)) {
    return { status: 'reached', signals: { latency }, identities: {} }
  }
  const read = readTls(held.value, context)
  if (!read.ok) return read.stop
  return { status: 'reached', signals: { latency, ...read.value.signals }, identities: {} }
}
