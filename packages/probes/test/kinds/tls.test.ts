import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { getEnding, probeOnce, type ProbeOptions } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { tlsKind } from '../../src/kinds/tls.ts'
import { assertReached } from '../assert-reached.ts'
import { type Authority, makeAuthority } from '../authority.ts'

describe('kind tls', () => {
  let authority: Authority
  before(async () => {
    authority = await makeAuthority()
  })

  async function probe(
    serverOptions: TlsOptions,
    params: Readonly<Record<string, unknown>> = {},
    options: ProbeOptions = {},
  ): Promise<ProbeResult> {
    const server = createServer(serverOptions, (socket) => socket.on('error', () => {}).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      return await probeOnce(
        tlsKind,
        { host: '127.0.0.1', port, ...params },
        { ca: [authority.pem], ...options },
      )
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }

  it('names the certificate by its hash, and how long it holds from the round’s start', async () => {
    const identity = await authority.issue(['127.0.0.1'], 20)
    const { raw, validToDate } = new X509Certificate(identity.cert)
    const roundStartMs = Date.now()
    const result = await probe(identity, {}, { roundStartMs })
    assert.ok(result.status === 'reached', getEnding(result))
    const hash = createHash('sha256').update(raw).digest()
    assert.deepEqual(result.identities['certificate'], hash)
    const seconds = Math.floor((validToDate.getTime() - roundStartMs) / 1000)
    assert.equal(result.signals['expires-in'], BigInt(seconds))
    assert.deepEqual(
      result.phases.map(({ name }) => name),
      ['connect', 'tls'],
    )
  })

  it('says certificate of one that nobody vouches for, that has ended, or is for another', async () => {
    const identity = await authority.issue(['127.0.0.1'])
    assert.equal(getEnding(await probe(identity, {}, { ca: [] })), 'certificate')
    const ended = await authority.issue(['127.0.0.1'], -1)
    assert.equal(getEnding(await probe(ended)), 'certificate')
    const another = await authority.issue(['another.example'])
    assert.equal(getEnding(await probe(another)), 'certificate')
  })

  it('checks the certificate for the name it is given', async () => {
    const identity = await authority.issue(['a.example'])
    assert.equal(getEnding(await probe(identity, { servername: 'a.example' })), 'reached')
    assert.equal(getEnding(await probe(identity, { servername: 'b.example' })), 'certificate')
  })

  it('wants TLS 1.3 where it is told so, and tells what was agreed on', async () => {
    const identity = await authority.issue(['127.0.0.1'])
    const older = { ...identity, maxVersion: 'TLSv1.2' } as const
    assert.equal(assertReached(await probe(identity)).signals['tls-version'], 13n)
    assert.equal(assertReached(await probe(older)).signals['tls-version'], 12n)
    assert.equal(getEnding(await probe(identity, { minVersion: '1.3' })), 'reached')
    assert.equal(getEnding(await probe(older, { minVersion: '1.3' })), 'tls')
  })

  it('names the issuer, whoever’s certificate it is', async () => {
    const servers = await Promise.all(
      ['a.example', '127.0.0.1'].map((name) => authority.issue([name])),
    )
    const below = await (await authority.delegate(5)).issue(['127.0.0.1'])
    const [a, b, c] = await Promise.all(
      [...servers, below].map(async (identity, index) => {
        const servername = index === 0 ? { servername: 'a.example' } : {}
        return assertReached(await probe(identity, servername)).identities['issuer']
      }),
    )
    assert.equal(a?.length, 32)
    assert.deepEqual(a, b)
    assert.notDeepEqual(a, c)
  })

  it('says tls of a server that speaks only old versions', async () => {
    const identity = await authority.issue(['127.0.0.1'])
    const old = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const
    assert.equal(getEnding(await probe({ ...identity, ...old })), 'tls')
  })

  it('says tls of a server that takes none of the protocols offered', async () => {
    const identity = await authority.issue(['127.0.0.1'])
    assert.equal(getEnding(await probe(identity, { alpn: ['h2'] })), 'tls')
    const h2 = { ...identity, ALPNProtocols: ['h2'] }
    assert.equal(getEnding(await probe(h2, { alpn: ['h2'] })), 'reached')
    assert.equal(getEnding(await probe(h2, { alpn: ['other'] })), 'tls')
  })
})
