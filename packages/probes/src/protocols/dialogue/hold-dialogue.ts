import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ProbeContext, Step } from '../../kind.ts'
import { type LineReader, makeLineReader } from '../../net/line-reader.ts'
import { findGroups, makeSearch } from '../../parts/patterns.ts'
import { done, failed, stopped } from '../../steps.ts'
import { DIALOGUE_BYTES_MAX, type DialogueStep } from './dialogue-schema.ts'

/** Of a line that groups are looked for in, and of what a group stands for. */
const GROUPS_CHARS_MAX = 1024
const GROUP_CHARS_MAX = 256
/** Of what a server said instead, for a detail. */
const SHOWN_CHARS_MAX = 100

/**
 * Says its part to a server, step by step, and listens whether that says its own.
 *
 * @param host - that the certificate must be for where TLS begins in between
 * @returns the connection as it is at the end
 */
export async function holdDialogue(
  steps: readonly DialogueStep[],
  connection: Socket,
  host: string,
  context: ProbeContext,
): Promise<Step<Socket>> {
  const { net, phases } = context
  let socket = connection
  let reader = makeLineReader(socket, DIALOGUE_BYTES_MAX, net)
  for (const step of steps) {
    const heard = await hear(step, reader, context)
    if (!heard.ok) return heard
    const bytes = getBytes(step, heard.value)
    if (bytes !== undefined) {
      phases.begin('request')
      socket.write(bytes)
    }
    if (step.startTls === true) {
      // Whoever is in between could have put words into what follows.
      if (reader.hasMore()) return stopped(failed('protocol', 'says more before TLS begins'))
      const secured: Step<TLSSocket> = await net.secure(socket, { host })
      if (!secured.ok) return secured
      socket = secured.value
      reader = makeLineReader(socket, DIALOGUE_BYTES_MAX, net)
    }
  }
  phases.end()
  return done(socket)
}

/** Waits for what a step expects. @returns what groups stand for, none where nothing is expected */
async function hear(
  step: DialogueStep,
  reader: LineReader,
  context: ProbeContext,
): Promise<Step<readonly string[]>> {
  if (step.expect !== undefined) return hearLine(step.expect, step.lines, reader, context)
  if (step.expectBytes === undefined) return done([])
  const expected = Buffer.from(step.expectBytes, 'hex')
  context.phases.begin('first-byte')
  const read = await reader.readBytes(expected.length)
  if (!read.ok) return read
  return read.value.equals(expected)
    ? done([])
    : stopped(failed('content', `says ${read.value.toString('hex')}, not ${step.expectBytes}`))
}

async function hearLine(
  pattern: string,
  linesMax: number | undefined,
  reader: LineReader,
  context: ProbeContext,
): Promise<Step<readonly string[]>> {
  const made = context.compute(() => makeSearch([pattern]))
  if (!made.ok) return made
  context.phases.begin('first-byte')
  let last = ''
  for (let left = linesMax ?? Infinity; left > 0; left--) {
    const read = await reader.readLine()
    if (!read.ok) return read
    const line = read.value
    if (line === undefined) {
      return stopped(failed('content', `ends before a line matches ${pattern}; last ${last}`))
    }
    const searched = context.compute(() => made.value(line).size > 0)
    if (!searched.ok) return searched
    if (searched.value) {
      return context.compute(() => findGroups(pattern, line.slice(0, GROUPS_CHARS_MAX)) ?? [])
    }
    last = JSON.stringify(line.slice(0, SHOWN_CHARS_MAX))
  }
  return stopped(failed('content', `says ${last}, which does not match ${pattern}`))
}

function getBytes(
  { send, sendBytes }: DialogueStep,
  groups: readonly string[],
): Buffer | undefined {
  if (sendBytes !== undefined) return Buffer.from(sendBytes, 'hex')
  if (send === undefined) return undefined
  const text = send.replace(/\$\{(\d)\}/g, (_whole, index: string) => {
    return (groups[Number(index)] ?? '').slice(0, GROUP_CHARS_MAX)
  })
  return Buffer.from(text)
}
