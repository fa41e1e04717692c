import assert from 'node:assert/strict'
import { createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { pump } from '../../src/compliance/faults.ts'
import { type Authority, makeAuthority } from '../authority.ts'
import { meet, type MeetOptions } from './meet.ts'
import { subjects } from './subjects.ts'
import { waitUntil } from './wait-until.ts'

const TIMEOUT_MS = 4000
const DEADLINES_MAX = 2
const READ_BYTES_MAX = 8_388_608 + 131_072
const overTls = subjects.filter(({ speech }) => speech === 'tls')
const talking = overTls.filter(({ kind }) => kind.kind !== 'tls')
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const KILOBYTE = 'x'.repeat(1024)

describe('a hostile target over TLS', () => {
  let authority: Authority
  before(async () => {
    authority = await makeAuthority()
  })

  /** Probes by every kind that speaks TLS. What a server opened is closed after. */
  async function probe(
    options: TlsOptions,
    serve: (socket: TLSSocket) => void,
    given: Partial<MeetOptions> & { subjects?: typeof subjects } = {},
  ) {
    const open = new Set<TLSSocket>()
    const server: Server = createServer(options, (socket) => {
      open.add(socket)
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
      serve(socket)
    })
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const { meetings, tookMs } = await meet(given.subjects ?? overTls, port, {
        timeoutMs: TIMEOUT_MS,
        ca: [authority.pem],
        ...given,
      })
      assert.ok(tookMs <= TIMEOUT_MS * DEADLINES_MAX, `took ${tookMs} ms`)
      for (const { subject, meter } of meetings) {
        await waitUntil(() => meter.underWay() === 0, `${subject.name} goes on after its end`)
        assert.ok(meter.bytesRead() <= READ_BYTES_MAX, `${subject.name}: ${meter.bytesRead()}`)
      }
      await waitUntil(() => open.size === 0, 'a connection stays open')
      return meetings
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }

  it('with a certificate that is not to be trusted is told by every kind, and asked nothing', async () => {
    const names = ['127.0.0.1']
    let asked = 0
    const serve = (socket: TLSSocket) => void socket.on('data', () => asked++)
    const mine = await authority.issue(names)
    for (const [identity, ca] of [
      [mine, []],
      [await authority.issue(names, -1), [authority.pem]],
      [await authority.issue(['another.example']), [authority.pem]],
    ] as const) {
      for (const { subject, ending, detail } of await probe(identity, serve, { ca })) {
        assert.equal(ending, 'certificate', `${subject.name}: ${detail}`)
      }
    }
    assert.equal(asked, 0)
  })

  for (const [what, begin, text, endings] of [
    [
      'sends a body without end',
      CHUNKED,
      `400\r\n${KILOBYTE}\r\n`,
      ['too-large', 'protocol', 'status'],
    ],
    ['sends headers without end', 'HTTP/1.1 200 OK\r\n', `x-filler: ${KILOBYTE}\r\n`, []],
    ['sends interim answers without end', '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(40), []],
    ['sends one extension of a chunk without end', `${CHUNKED}1;x=`, KILOBYTE, ['status']],
    ['sends rubbish without end', KILOBYTE, KILOBYTE, []],
  ] as const) {
    it(`that ${what} inside of it costs no kind more than its bytes`, async () => {
      const identity = {
        ...(await authority.issue(['127.0.0.1'])),
        ALPNProtocols: ['http/1.1', 'h2'],
      }
      const meetings = await probe(identity, (socket) => pump(socket, text, begin), {
        subjects: talking,
      })
      for (const { subject, ending, detail } of meetings) {
        // A dialogue is over with the first line that is not the one it waits for.
        const ofDialogue = subject.kind.kind === 'tcp' ? ['content'] : []
        const right = ['too-large', 'protocol', 'reset', ...ofDialogue, ...endings]
        const isRight = right.includes(ending)
        assert.ok(isRight, `${subject.name} ended in ${ending} (${detail})`)
      }
    })
  }
})
