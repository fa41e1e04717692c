import type { Socket } from 'node:net'
import { done } from '@watchfire/probes'
import { join } from '../mutate-bytes.ts'
import { check, type FuzzTarget, type Outcome } from '../target.ts'
import { toUtf8 } from '../text.ts'
import { makeAnsweringSocket } from './answering-socket.ts'
import { drawReplies } from './draw-replies.ts'
import { type Subject, subjects } from './probe-subjects.ts'
import { probeCodes, runProbe } from './run-probe.ts'

const SEPARATOR = toUtf8('\u0000\u0001next\u0001\u0000')

function split(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes)
  const parts: Uint8Array[] = []
  let start = 0
  for (;;) {
    const at = buffer.indexOf(SEPARATOR, start)
    if (at < 0) break
    parts.push(buffer.subarray(start, at))
    start = at + SEPARATOR.length
  }
  return [...parts, buffer.subarray(start)]
}

const CONNECTIONS_MAX = 16

/** Asks a target that answers `replies`, over as many connections as the kind makes. */
async function ask({ kind, params }: Subject, replies: readonly Uint8Array[]): Promise<Outcome> {
  const sockets: Socket[] = []
  let connections = 0
  const outcome = await runProbe(kind, params, {
    connect: async () => {
      check(++connections < CONNECTIONS_MAX, 'connects without end')
      const socket = makeAnsweringSocket(replies.slice(connections - 1))
      // What breaks is told to whoever reads; nobody else listens.
      socket.on('error', () => undefined)
      sockets.push(socket)
      return done(socket)
    },
  })
  for (const socket of sockets) socket.destroy()
  return outcome
}

/** What targets answer to probes, from the first byte of HTTP on: whatever it is has a named outcome. */
export const probes: FuzzTarget = {
  name: 'probes',
  codes: probeCodes,
  share: 0.6,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, subjects.length - 1)
      const subject = subjects[index]
      if (subject === undefined) throw new RangeError('there is no such subject')
      const replies = drawReplies(prng, subject.replies).flatMap((reply) => [reply, SEPARATOR])
      return join(Uint8Array.of(index), ...replies.slice(0, -1))
    },
    async run(input) {
      const subject = subjects[(input[0] ?? 0) % subjects.length]
      if (subject === undefined) throw new RangeError('there is no such subject')
      return ask(subject, split(input.subarray(1)))
    },
  }),
}
