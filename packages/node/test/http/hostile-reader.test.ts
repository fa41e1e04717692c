import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { nodeConfigDefaults } from '../../src/config/node-config.ts'
import { makeConnectionBound } from '../../src/http/connection-bound.ts'
import { isLoopback } from '../../src/http/host-check.ts'
import { startTestServer, type TestServer } from './server-fixture.ts'

describe('the feed’s surface', () => {
  it('is on loopback by default, and reads only', async () => {
    assert.ok(isLoopback(nodeConfigDefaults.http.host))
    assert.deepEqual(nodeConfigDefaults.http.allowedHosts, [])
    const test = await startTestServer(1)
    const answer = await fetch(`${test.server.url}/v1/state`, { method: 'POST', body: 'x' })
    assert.equal(answer.status, 405)
    await test.server.close()
  })
})

describe('a hostile reader', () => {
  let test: TestServer
  afterEach(() => test.server.close())

  async function open(): Promise<{ socket: Socket; ended: Promise<string> }> {
    const socket = connect(test.server.port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
    // Cut while it still sends: that is a reset, and what is wanted.
    socket.on('error', () => undefined)
    const ended = once(socket, 'close').then(() => text)
    await once(socket, 'connect')
    return { socket, ended }
  }

  it('is sent away with rubbish, and with more headers than bound', async () => {
    test = await startTestServer(1)
    const rubbish = await open()
    rubbish.socket.write('\u0000\u00ff\u0016\u0003 rubbish\r\n\r\n', 'latin1')
    assert.match(await rubbish.ended, /^(HTTP\/1\.1 400 |$)/)
    const long = await open()
    long.socket.write(`GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(20_000)}\r\n`)
    assert.match(await long.ended, /^(HTTP\/1\.1 431 |$)/)
    const answer = await fetch(`${test.server.url}/livez`)
    assert.equal(answer.status, 200)
  })

  it('is cut when it does not finish its request', async () => {
    test = await startTestServer(1, { headersMs: 50 })
    const { socket, ended } = await open()
    socket.write('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n')
    assert.match(await ended, /^(HTTP\/1\.1 408 |$)/)
    const answer = await fetch(`${test.server.url}/livez`)
    assert.equal(answer.status, 200)
  })

  it('holds no more connections than one address may', async () => {
    test = await startTestServer(1)
    const take = makeConnectionBound(2)
    const arrive = (remoteAddress: string) => {
      const events = new EventEmitter()
      const socket = { remoteAddress, isCut: false, leave: () => events.emit('close') }
      take({
        remoteAddress,
        once: events.once.bind(events) as unknown as Socket['once'],
        destroy() {
          socket.isCut = true
          return this as unknown as Socket
        },
      })
      return socket
    }
    const [first, second, third] = ['a', 'b', 'c'].map(() => arrive('192.0.2.1'))
    assert.deepEqual([first?.isCut, second?.isCut, third?.isCut], [false, false, true])
    assert.equal(arrive('192.0.2.2').isCut, false)
    // Two more of this machine than the bound: a proxy may be behind it.
    for (let i = 0; i < 4; i += 1) assert.equal(arrive('127.0.0.1').isCut, false)
    first?.leave()
    assert.equal(arrive('192.0.2.1').isCut, false)
    assert.equal(arrive('192.0.2.1').isCut, true)
  })
})
