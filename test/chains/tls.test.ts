import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  type Authority,
  makeAuthority,
  type ServerIdentity,
} from '../../packages/probes/test/authority.ts'
import { ask, askReached, trust } from './ask.ts'
import { stopServers } from './servers/lifetime.ts'
import { type SServer, startSServer } from './servers/s-server.ts'

const DAY_S = 86_400

/** A file of certificates, in a folder of its own. */
function writeChain(pems: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'watchfire-chain-')), 'chain.pem')
  writeFileSync(file, pems)
  return file
}

describe('kind tls, with openssl s_server', () => {
  let authority: Authority
  let identity: ServerIdentity

  const target = ({ port }: SServer, over: object = {}) =>
    ['tls', { host: '127.0.0.1', port, ...over }] as const
  const outcomeOf = async (server: SServer, over: object = {}) => {
    const result = await ask(...target(server, over))
    return result.status === 'failed' ? result.outcome : result.status
  }
  /** Runs with a server, and ends it. */
  const withServer = async (
    options: readonly [ServerIdentity, (readonly string[])?],
    use: (server: SServer) => Promise<void>,
  ) => {
    const server = await startSServer(...options)
    try {
      await use(server)
    } finally {
      await server.stop()
    }
  }

  before(async () => {
    authority = await makeAuthority()
    trust(authority.pem)
    identity = await authority.issue(['127.0.0.1'], 5)
  })
  after(stopServers)

  it('reads which certificate a server shows, and how long it holds', async () => {
    await withServer([identity], async (server) => {
      const { signals, identities } = await askReached(...target(server))
      const left = Number(signals['expires-in'])
      assert.ok(left > 5 * DAY_S - 60 && left <= 5 * DAY_S, String(left))
      const { fingerprint256 } = new X509Certificate(identity.cert)
      assert.equal(
        Buffer.from(identities['certificate'] ?? []).toString('hex'),
        fingerprint256.replaceAll(':', '').toLowerCase(),
      )
    })
  })

  it('reads when the first certificate above it ends, and of one that is shown in vain', async () => {
    const root = await makeAuthority(200)
    const below = await root.delegate(9)
    const shown = await below.issue(['127.0.0.1'], 60)
    const stale = (await makeAuthority(-1)).pem
    trust(root.pem)
    const chain = writeChain(`${below.pem}\n${stale}`)
    try {
      await withServer([shown, ['-cert_chain', chain]], async (server) => {
        const { signals } = await askReached(...target(server))
        const days = (name: string) => Math.ceil(Number(signals[name]) / DAY_S)
        assert.equal(days('expires-in'), 60)
        assert.equal(days('chain-expires-in'), 9)
        assert.ok(days('presented-expires-in') < 0)
        assert.equal(signals['chain-length'], 3n)
      })
    } finally {
      trust(authority.pem)
      rmSync(dirname(chain), { recursive: true })
    }
  })

  it('speaks TLS 1.2 and 1.3, and says tls of a server that has only older versions', async () => {
    for (const flag of ['-tls1_2', '-tls1_3']) {
      await withServer([identity, [flag]], async (server) => {
        assert.equal(await outcomeOf(server), 'reached', flag)
        const isNew = flag === '-tls1_3'
        const wanted = await outcomeOf(server, { minVersion: '1.3' })
        assert.equal(wanted, isNew ? 'reached' : 'tls', flag)
      })
    }
    await withServer([identity, ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']], async (server) => {
      assert.equal(await outcomeOf(server), 'tls')
    })
  })

  it('wants one of the protocols that it offers', async () => {
    await withServer([identity, ['-alpn', 'h2']], async (server) => {
      assert.equal(await outcomeOf(server, { alpn: ['h2'] }), 'reached')
      assert.equal(await outcomeOf(server, { alpn: ['http/1.1'] }), 'tls')
    })
  })

  it('says certificate of one that has ended, is for another, or that nobody vouches for', async () => {
    const ended = await authority.issue(['127.0.0.1'], -1)
    const other = await authority.issue(['other.example'])
    const strange = await (await makeAuthority()).issue(['127.0.0.1'])
    for (const shown of [ended, other, strange]) {
      await withServer([shown], async (server) => {
        assert.equal(await outcomeOf(server), 'certificate')
      })
    }
  })

  it('says timeout of one that is frozen, and refused of one that is gone', async () => {
    await withServer([identity], async (server) => {
      server.process.freeze()
      assert.equal(await outcomeOf(server), 'timeout')
      server.process.thaw()
      await server.process.stop()
      assert.equal(await outcomeOf(server), 'refused')
    })
  })
})
