import assert from 'node:assert/strict'
import { type Anvil, startAnvil } from '../../packages/probes/test/anvil.ts'
import { type Authority, makeAuthority } from '../../packages/probes/test/authority.ts'
import { ask, askReached, askUntil, trust } from './ask.ts'
import { keep, stopServers } from './servers/lifetime.ts'
import { type Nginx, startNginx } from './servers/nginx.ts'

const DAY_S = 86_400
const CHAIN_CALL = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'

describe('kinds http and websocket, with nginx before anvil', () => {
  let authority: Authority
  let anvil: Anvil
  let nginx: Nginx

  const outcomeOf = async (kind: string, params: object) => {
    const result = await ask(kind, params)
    return result.status === 'failed' ? result.outcome : result.status
  }
  const outcomeAt = (path: string, over: object = {}) =>
    outcomeOf('http', { url: `${nginx.url}${path}`, ...over })
  const socketUrl = () => `${nginx.url.replace('http:', 'ws:')}/behind/`

  before(async () => {
    authority = await makeAuthority()
    trust(authority.pem)
    anvil = keep(await startAnvil(1))
    nginx = await startNginx({
      identity: await authority.issue(['127.0.0.1'], 20),
      behind: `127.0.0.1:${anvil.port}`,
    })
  })
  after(stopServers)

  it('reach what answers, follow where it leads, and look for what it must say', async () => {
    assert.equal(await outcomeAt('/', { contains: 'hello of nginx' }), 'reached')
    assert.equal(await outcomeAt('/', { contains: 'hello of another' }), 'content')
    assert.equal(await outcomeAt('/moved', { contains: 'hello' }), 'reached')
    assert.equal(await outcomeAt('/moved', { redirects: 0, status: [302] }), 'reached')
  })

  it('hold headers and body to patterns, and ask for a compressed answer', async () => {
    const server = { name: 'server', pattern: '^nginx' }
    assert.equal(await outcomeAt('/', { headerMatches: [server] }), 'reached')
    assert.equal(await outcomeAt('/', { headerMatchesNot: [server] }), 'content')
    assert.equal(await outcomeAt('/', { bodyMatches: ['^hello of [a-z]+$'] }), 'reached')
    assert.equal(await outcomeAt('/', { bodyMatchesNot: ['(?i)NGINX'] }), 'content')
    const packed = { compression: 'gzip', contains: 'xxx', bodyBytesMax: 65_536 }
    assert.equal(await outcomeAt('/packed', packed), 'reached')
    assert.equal(await outcomeAt('/packed', { ...packed, bodyBytesMax: 65_535 }), 'too-large')
    assert.equal(await outcomeAt('/', packed), 'content')
  })

  it('follow to https, and see that it was led there', async () => {
    const https = { finalScheme: 'https' }
    assert.equal(await outcomeAt('/secure', https), 'reached')
    assert.equal(await outcomeAt('/', https), 'redirect')
    assert.equal(await outcomeAt('/secure', { finalScheme: 'http' }), 'redirect')
  })

  it('say status of errors, and redirect of a loop', async () => {
    assert.equal(await outcomeAt('/broken'), 'status')
    assert.equal(await outcomeAt('/none'), 'status')
    assert.equal(await outcomeAt('/around'), 'redirect')
  })

  it('say timeout of a body that trickles, and too-large of one without end', async () => {
    assert.equal(await outcomeAt('/trickle'), 'timeout')
    assert.equal(await outcomeAt('/endless'), 'too-large')
  })

  it('read when the certificate ends, and see that it was changed', async () => {
    const https = ['http', { url: `${nginx.tlsUrl}/` }] as const
    const { signals } = await askReached(...https)
    assert.ok(Number(signals['expires-in']) > 19 * DAY_S)
    await nginx.setIdentity(await authority.issue(['127.0.0.1'], 3))
    const { signals: later } = await askReached(...https)
    assert.ok(Number(later['expires-in']) < 3 * DAY_S + 60)
    await nginx.setIdentity(await authority.issue(['127.0.0.1'], -1))
    assert.equal(await outcomeOf(...https), 'certificate')
  })

  it('open a WebSocket through a proxy, and read what is answered on it', async () => {
    const { signals } = await askReached('websocket', {
      url: socketUrl(),
      send: CHAIN_CALL,
      contains: '"result":"0x1"',
    })
    assert.ok(Number(signals['round-trip']) > 0)
    assert.equal(await outcomeOf('websocket', { url: socketUrl(), contains: 'unasked' }), 'timeout')
    // What nginx serves there is a page, which it answers with 200 in place of 101.
    assert.equal(
      await outcomeOf('websocket', { url: socketUrl().replace('behind/', '') }),
      'status',
    )
  })

  it('say status of what a proxy stands before and is gone', async () => {
    await anvil.stop()
    assert.equal(await outcomeAt('/behind/'), 'status')
    assert.equal(await outcomeOf('websocket', { url: socketUrl() }), 'status')
  })

  it('say timeout of a server that is frozen, and refused of one that is gone', async () => {
    await askUntil('an answer', 10_000, ['http', { url: nginx.url }], () => true)
    nginx.process.freeze()
    assert.equal(await outcomeAt('/'), 'timeout')
    nginx.process.thaw()
    await nginx.process.stop()
    assert.equal(await outcomeAt('/'), 'refused')
  })
})
