import { type Static, Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { readUntil } from '../net/probe-network.ts'
import { failed } from '../steps.ts'
import { makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { hostSchema, portSchema, strictObject } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  host: hostSchema,
  port: portSchema,
  send: Type.Optional(
    Type.String({ maxLength: 256, description: 'Text to send once connected; none if left out.' }),
  ),
  expect: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Text that the server’s bytes must begin with; it is not read from if left out.',
    }),
  ),
})

/** A TCP service: does it accept connections, and greet or answer as it should? */
export const tcpKind = defineKind({
  kind: 'tcp',
  summary: 'A TCP service accepts a connection, and answers as expected.',
  params: paramsSchema,
  signals: () => [
    latencySignal('From the first packet to the open connection, or to the expected text.'),
  ],
  identities: [],
  outcomes: ['refused', 'timeout', 'dns', 'unreachable', 'reset', 'content'],
  defaultPolicy: (_params, { timeoutMs }) => makePolicy([slowThreshold(timeoutMs)]),
  probe,
})

async function probe(
  { host, port, send, expect }: Static<typeof paramsSchema>,
  { net, phases }: ProbeContext,
): Promise<ProbeAnswer> {
  const connection = await net.connect({ host, port })
  if (!connection.ok) return connection.stop
  const socket = connection.value
  if (send !== undefined) {
    phases.begin('request')
    socket.write(send)
  }
  if (expect !== undefined) {
    phases.begin('first-byte')
    const expected = Buffer.from(expect)
    // Nothing beyond the expected bytes is waited for, so an endless greeting costs no more.
    const read = await readUntil(socket, net, ({ length }) => length >= expected.length)
    if (!read.ok) return read.stop
    if (!read.value.received.subarray(0, expected.length).equals(expected)) {
      return failed('content', `answered ${JSON.stringify(read.value.received.toString('latin1'))}`)
    }
  }
  phases.end()
  return { status: 'reached', signals: { latency: phases.latencyUs() }, identities: {} }
}
