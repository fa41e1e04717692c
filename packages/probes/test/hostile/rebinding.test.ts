import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet'
import { makeResolve } from '../../src/net/resolve.ts'
import { type HostileHost, startHostileHost } from './hostile-host.ts'
import { meet } from './meet.ts'
import { subjects } from './subjects.ts'
import { waitUntil } from './wait-until.ts'

const ALLOWED = '127.0.0.1'
/** Loopback too, but not where these probes may go. */
const INSIDE = '127.0.0.2'
const TIMEOUT_MS = 4000

/** A DNS server whose answers hold for no time, and say each time what `choose` does. */
async function startNameServer(choose: (asked: number) => readonly string[]) {
  const socket = createSocket('udp4')
  let asked = 0
  socket.on('message', (bytes, from) => {
    const query = decode(bytes)
    const [question] = query.questions ?? []
    const answers: Answer[] =
      question?.type === 'A'
        ? choose(asked++).map((data) => ({ type: 'A', name: question.name, ttl: 0, data }))
        : []
    const answer = encode({
      type: 'response',
      flags: AUTHORITATIVE_ANSWER,
      ...(query.id === undefined ? {} : { id: query.id }),
      ...(query.questions === undefined ? {} : { questions: query.questions }),
      answers,
    })
    socket.send(answer, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, ALLOWED, resolve))
  return {
    resolve: makeResolve([`${ALLOWED}:${socket.address().port}`]),
    asked: () => asked,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
}

describe('a hostile name', () => {
  let host: HostileHost
  before(() => {
    host = startHostileHost()
  })
  after(() => host.stop())

  it('that leads inside at every second look is looked up once a connection, and leads nobody there', async () => {
    const vice = 'resets the connection'
    const port = await host.serve(vice, { host: ALLOWED })
    const inside = await host.serve('none', { host: INSIDE, port })
    const names = await startNameServer((asked) => [asked % 2 === 0 ? ALLOWED : INSIDE])
    try {
      for (let round = 0; round < 4; round++) {
        const options = { timeoutMs: TIMEOUT_MS, host: 'rebound.example', resolve: names.resolve }
        const { meetings } = await meet(subjects, port, options)
        for (const { subject, ending } of meetings) {
          const isRight = ['reset', 'forbidden-address'].includes(ending)
          assert.ok(isRight, `${subject.name} ended in ${ending}`)
        }
        assert.ok(meetings.some(({ ending }) => ending === 'reset'))
        assert.ok(meetings.some(({ ending }) => ending === 'forbidden-address'))
      }
      assert.equal((await host.count(inside)).taken, 0, 'somebody was led inside')
      await waitUntil(async () => (await host.count(port)).open === 0, 'a connection stays open')
    } finally {
      await names.close()
    }
  })

  it('with one address inside among others leads nobody there, though the others do not answer', async () => {
    const inside = await host.serve('none', { host: INSIDE })
    const names = await startNameServer(() => [INSIDE, ALLOWED])
    try {
      const options = { timeoutMs: TIMEOUT_MS, host: 'many.example', resolve: names.resolve }
      const { meetings } = await meet(subjects, inside, options)
      for (const { subject, ending } of meetings) assert.equal(ending, 'refused', subject.name)
      assert.equal((await host.count(inside)).taken, 0, 'somebody was led inside')
    } finally {
      await names.close()
    }
  })
})
