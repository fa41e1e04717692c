import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, TLSSocket } from 'node:tls'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { startServer } from '../../src/compliance/server.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { tcpKind } from '../../src/kinds/tcp.ts'
import { parseParams } from '../../src/params.ts'
import { assertReached } from '../assert-reached.ts'
import { type Authority, makeAuthority, type ServerIdentity } from '../authority.ts'

type Steps = readonly Readonly<Record<string, unknown>>[]

/** Answers each line by what `answer` says of it; says `greeting` first. */
function talk(socket: Socket, greeting: string, answer: (line: string) => string): void {
  let text = ''
  socket.write(greeting)
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      socket.write(answer(text.slice(0, at).replace(/\r$/, '')))
      text = text.slice(at + 1)
    }
  })
}

describe('the dialogue of kind tcp', () => {
  let authority: Authority
  let identity: ServerIdentity
  before(async () => {
    authority = await makeAuthority(300)
    identity = await (await authority.delegate(9)).issue(['mail.example'], 60)
  })

  async function probe(
    serve: (socket: Socket) => void,
    dialogue: Steps,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<ProbeResult> {
    const server = await startServer(serve)
    try {
      const target = { host: 'mail.example', port: server.port, dialogue, ...params }
      const resolve = async () => ({ ok: true as const, addresses: ['127.0.0.1'] })
      const options = { ca: [authority.pem], resolve, timeoutMs: 1500 }
      const result = await probeOnce(tcpKind, target, options)
      await server.drained()
      return result
    } finally {
      await server.close()
    }
  }
  const endingOf = async (...asked: Parameters<typeof probe>) => getEnding(await probe(...asked))

  it('waits for a line that matches, whatever pieces it comes in, and for no more', async () => {
    const inPieces = (socket: Socket) => {
      socket.resume().setNoDelay().write('note\r\nSSH')
      setImmediate(() => socket.write('-2.0-OpenSSH_9.2p1\r\n'))
    }
    assert.equal(await endingOf(inPieces, [{ expect: '^SSH-2.0-' }]), 'reached')
    assert.equal(await endingOf(inPieces, [{ expect: '^SSH-2.0-', lines: 1 }]), 'content')
    assert.equal(await endingOf(inPieces, [{ expect: '^SSH-2.0-', lines: 2 }]), 'reached')
    assert.equal(await endingOf(inPieces, [{ expect: '^HTTP' }]), 'timeout')
  })

  it('looks at a last line without an end, and says content where a server ends too soon', async () => {
    const bye = (socket: Socket) => void socket.resume().end('first\nPONG')
    assert.equal(await endingOf(bye, [{ expect: '^PONG$' }]), 'reached')
    assert.equal(await endingOf(bye, [{ expect: '^PING$' }]), 'content')
    assert.equal(await endingOf(bye, [{ expect: '^PONG$' }, { expect: '.' }]), 'content')
  })

  it('sends what it heard in groups, as IRC wants it', async () => {
    const said: string[] = []
    const irc = (socket: Socket) =>
      talk(socket, '', (line) => {
        said.push(line)
        if (line.startsWith('USER')) return ':irc.example NOTICE *\r\nPING :x1y2\r\n'
        return line === 'PONG x1y2' ? ':irc.example 001 prober\r\n' : ''
      })
    const steps = [
      { send: 'NICK prober\r\n' },
      { send: 'USER prober prober prober :prober\r\n' },
      { expect: '^PING :([^ ]+)', send: 'PONG ${1}\r\n' },
      { expect: '^:[^ ]+ 001' },
    ]
    assert.equal(await endingOf(irc, steps), 'reached')
    assert.equal(said.at(-1), 'PONG x1y2')
  })

  const smtp = (secureGreeting: string) => (socket: Socket) => {
    const answer = (line: string): string => {
      if (line.startsWith('EHLO')) return '250-mail.example\r\n250-STARTTLS\r\n250 SIZE 1000\r\n'
      if (line !== 'STARTTLS') return '221 bye\r\n'
      setImmediate(() => {
        socket.removeAllListeners('data')
        const secured = new TLSSocket(socket, { isServer: true, ...identity })
        secured.on('error', () => socket.destroy())
        talk(secured, secureGreeting, () => '250-mail.example\r\n250 AUTH PLAIN\r\n')
      })
      return '220 go ahead\r\n'
    }
    talk(socket, '220 mail.example ESMTP\r\n', answer)
  }
  const startTls: Steps = [
    { expect: '^220 [^ ]+ ESMTP' },
    { send: 'EHLO prober\r\n' },
    { expect: '^250-STARTTLS' },
    { expect: '^250 ' },
    { send: 'STARTTLS\r\n' },
    { expect: '^220 ', startTls: true },
    { send: 'EHLO prober\r\n' },
    { expect: '^250 AUTH' },
  ]

  it('begins TLS in the middle, as SMTP does, and tells of the certificates', async () => {
    const result = await probe(smtp(''), startTls)
    const { signals } = assertReached(result)
    const days = (name: string) => Math.ceil(Number(signals[name]) / 86_400)
    assert.equal(days('expires-in'), 60)
    assert.equal(days('chain-expires-in'), 9)
    assert.ok(result.phases.some(({ name }) => name === 'tls'))
  })

  it('says certificate of a server that is another once TLS begins', async () => {
    const asked = { servername: 'other.example' }
    assert.equal(await endingOf(smtp(''), startTls, asked), 'certificate')
  })

  it('takes nothing that was said before TLS for what is said within', async () => {
    const injected = (socket: Socket) =>
      talk(socket, '', (line) => (line === 'STARTTLS' ? '220 go ahead\r\n250 AUTH\r\n' : ''))
    const steps = [{ send: 'STARTTLS\n' }, { expect: '^220', startTls: true }, { expect: 'AUTH' }]
    assert.equal(await endingOf(injected, steps), 'protocol')
  })

  it('speaks bytes, as PostgreSQL is asked for TLS', async () => {
    const postgres = (socket: Socket) =>
      socket.once('data', (request: Buffer) => {
        if (request.toString('hex') !== '0000000804d2162f') return socket.end('N')
        socket.write('S')
        const secured = new TLSSocket(socket, { isServer: true, ...identity })
        return secured.on('error', () => socket.destroy()).resume()
      })
    const ask = (sendBytes: string) => [{ sendBytes }, { expectBytes: '53', startTls: true }]
    assert.equal(await endingOf(postgres, ask('0000000804d2162f')), 'reached')
    assert.equal(await endingOf(postgres, ask('0000000804d21630')), 'content')
  })

  it('is held over TLS from the beginning, as POP3S is', async () => {
    const server = createServer(identity, (socket) => {
      socket.on('error', () => socket.destroy()).write('+OK ready\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const target = { host: '127.0.0.1', port, tls: true, servername: 'mail.example' }
      const ask = async (expect: string) => {
        const asked = { ...target, dialogue: [{ expect, lines: 1 }] }
        return getEnding(await probeOnce(tcpKind, asked, { ca: [authority.pem] }))
      }
      assert.equal(await ask('^\\+OK'), 'reached')
      assert.equal(await ask('^-ERR'), 'content')
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  })

  it('says too-large of a server that goes on beyond its bound', async () => {
    const endless = (socket: Socket) => void socket.resume().write('no\n'.repeat(20_000))
    assert.equal(await endingOf(endless, [{ expect: 'yes' }]), 'too-large')
  })

  it('is refused where it says nothing, two things at once, or more than can be searched', () => {
    for (const [dialogue, code, at] of [
      [[{}], 'bad-dialogue', '0'],
      [[{ expect: 'a', expectBytes: '00' }], 'bad-dialogue', '0'],
      [[{ send: 'a', sendBytes: '00' }], 'bad-dialogue', '0'],
      [[{ send: 'a', lines: 2 }], 'bad-dialogue', '0'],
      [[{ startTls: true }, { startTls: true }], 'bad-dialogue', '1.startTls'],
      [[{ expect: 'a' }, { expect: '(' }], 'bad-pattern', '1.expect'],
      [[{ expect: 'a{400}' }, { expect: 'a{400}' }], 'pattern-too-costly', '1.expect'],
      [[{ expectBytes: '0' }], 'bad-params', '0.expectBytes'],
    ] as const) {
      const parsed = parseParams(tcpKind, { host: 'a.example', port: 1, dialogue })
      assert.ok(!parsed.ok, JSON.stringify(dialogue))
      const found = parsed.problems.map((each) => `${each.code} ${each.path.join('.')}`)
      assert.deepEqual(found, [`${code} params.dialogue.${at}`])
    }
    const twice = { host: 'a.example', port: 1, tls: true, dialogue: [{ startTls: true }] }
    const parsed = parseParams(tcpKind, twice)
    assert.ok(!parsed.ok)
    assert.equal(parsed.problems[0]?.code, 'bad-dialogue')
  })
})
