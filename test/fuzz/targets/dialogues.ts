import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { parseParams } from '../../../packages/probes/src/params.ts'
import { done } from '../../../packages/probes/src/steps.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import type { FuzzTarget } from '../target.ts'
import { fromUtf8, toUtf8 } from '../text.ts'
import { findKind, probeCodes, runProbe } from './run-probe.ts'

const kind = findKind('tcp')

/** What is said to servers, and what healthy ones say, after each thing that they are told. */
const subjects = [
  {
    dialogue: [
      { expect: '^220 ([^ ]+) ESMTP', send: 'EHLO ${1}\r\n' },
      { expect: '^250[- ](STARTTLS|AUTH)', lines: 5 },
      { expect: '^250 ', send: 'QUIT\r\n' },
      { expect: '^221' },
    ],
    said: [
      '220 mail.example ESMTP ready\r\n',
      '250-SIZE 10\r\n250-STARTTLS\r\n250 OK\r\n',
      '221 bye\r\n',
    ],
  },
  {
    dialogue: [
      { sendBytes: '0000000804d2162f' },
      { expectBytes: '53' },
      { expect: '(?i)ready|\\bok\\b' },
    ],
    said: ['', 'Sno\nnot yet\nREADY\n'],
  },
].map(({ dialogue, said }) => {
  const parsed = parseParams(kind, { host: '192.0.2.1', port: 25, dialogue })
  if (!parsed.ok) throw new RangeError(`the kind tcp refuses ${JSON.stringify(parsed.problems)}`)
  return { params: parsed.params, said }
})

const SEPARATOR = '\u0000\u0001'
/** Turns of the event loop after which a server that is told nothing more hangs up. */
const PATIENCE_TURNS = 4

/** A server's end: a part at once, and one after each thing that it is told; then it hangs up. */
function makeSocket(parts: readonly string[]): Socket {
  const waiting = [...parts]
  let told = 0
  const hangUp = (after: number, turns: number) => {
    setImmediate(() => {
      if (socket.destroyed || told !== after) return
      if (turns > 0) hangUp(after, turns - 1)
      else socket.push(null)
    })
  }
  const say = () => {
    const part = waiting.shift() ?? ''
    if (part !== '') socket.push(Buffer.from(part, 'latin1'))
    hangUp(told, PATIENCE_TURNS)
  }
  const socket = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, written) {
      told++
      queueMicrotask(() => {
        if (!socket.destroyed) say()
      })
      written()
    },
  })
  socket.on('error', () => undefined)
  say()
  return socket as unknown as Socket
}

/** What servers say to the kind tcp, line by line or in bytes: whatever it is has a named outcome. */
export const dialogues: FuzzTarget = {
  name: 'dialogues',
  codes: probeCodes,
  share: 1,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, subjects.length - 1)
      const said = subjects[index]?.said ?? []
      const parts = said.map((part) => {
        if (prng.chance(20)) return prng.pick(['x', 'x\n', '\n']).repeat(prng.between(1, 20_000))
        return prng.chance(300) ? fromUtf8(mutateBytes(prng, toUtf8(part))) : part
      })
      return join(Uint8Array.of(index), toUtf8(parts.join(SEPARATOR)))
    },
    async run(input) {
      const subject = subjects[(input[0] ?? 0) % subjects.length]
      if (subject === undefined) throw new RangeError('there is no such subject')
      const parts = Buffer.from(input.subarray(1)).toString('latin1').split(SEPARATOR)
      const socket = makeSocket(parts)
      const outcome = await runProbe(kind, subject.params, { connect: async () => done(socket) })
      socket.destroy()
      return outcome
    },
  }),
}
