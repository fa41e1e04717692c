import assert from 'node:assert/strict'
import { ask, askReached, askUntil } from './ask.ts'
import { stopServers } from './servers/lifetime.ts'
import { startUnbound, TEXTS, type Unbound } from './servers/unbound.ts'

const SERIAL = 2_026_112_601

describe('kind dns, with Unbound', () => {
  let unbound: Unbound

  const target = (name: string, over: object = {}) =>
    ['dns', { host: '127.0.0.1', port: unbound.port, name, ...over }] as const
  const outcomeOf = async (...asked: ReturnType<typeof target>) => {
    const result = await ask(...asked)
    return result.status === 'failed' ? result.outcome : result.status
  }

  before(async () => {
    unbound = await startUnbound(SERIAL)
    await askUntil('an answer', 30_000, target('chain.test'), () => true)
  })
  after(stopServers)

  it('reads records by authority, and the least time to live', async () => {
    const { signals } = await askReached(...target('chain.test', { authoritative: true }))
    assert.equal(signals['answers'], 2n)
    assert.equal(signals['ttl'], 60n)
  })

  it('reads the same by UDP and TCP', async () => {
    const hashes = await Promise.all(
      ['udp', 'tcp'].map(async (transport) => {
        const { identities } = await askReached(...target('chain.test', { transport }))
        return Buffer.from(identities['records'] ?? []).toString('hex')
      }),
    )
    assert.equal(hashes[0]?.length, 64)
    assert.equal(hashes[0], hashes[1])
  })

  it('goes on over TCP where an answer is cut short', async () => {
    const { signals } = await askReached(...target('many.chain.test', { type: 'TXT' }))
    assert.equal(signals['answers'], BigInt(TEXTS))
  })

  it('says status of a code that is not the one wanted: no such name, refused', async () => {
    const codes = [
      ['none.chain.test', 'NXDOMAIN'],
      ['refused.test', 'REFUSED'],
      // It may not ask whom it would have to.
      ['www.elsewhere.net', 'SERVFAIL'],
    ] as const
    for (const [name, rcode] of codes) {
      assert.equal(await outcomeOf(...target(name)), 'status', name)
      assert.equal(await outcomeOf(...target(name, { rcodes: [rcode] })), 'reached', name)
    }
  })

  it('judges the records of an answer by patterns', async () => {
    const inBlock = { answer: { every: ['^chain\\.test \\d+ IN A 192\\.0\\.2\\.'] } }
    assert.equal(await outcomeOf(...target('chain.test', inBlock)), 'reached')
    const some = { answer: { some: ['192\\.0\\.2\\.9$'] } }
    assert.equal(await outcomeOf(...target('chain.test', some)), 'content')
    const none = { answer: { none: ['192\\.0\\.2\\.1$'] } }
    assert.equal(await outcomeOf(...target('chain.test', none)), 'content')
  })

  it('says content of an answer that is not validated where it must be', async () => {
    assert.equal(await outcomeOf(...target('chain.test', { authenticated: true })), 'content')
  })

  it('sees that a zone has another serial', async () => {
    const soa = target('chain.test', { type: 'SOA' })
    const { signals } = await askReached(...soa)
    assert.equal(signals['serial'], BigInt(SERIAL))
    unbound.setSerial(SERIAL + 1)
    await askUntil('the next serial', 30_000, soa, ({ signals: read }) => {
      return read['serial'] === BigInt(SERIAL + 1)
    })
  })

  it('says timeout of a server that is frozen, and refused of one that is gone', async () => {
    unbound.process.freeze()
    const frozen = await outcomeOf(...target('chain.test'))
    unbound.process.thaw()
    assert.equal(frozen, 'timeout')
    await unbound.process.stop()
    assert.equal(await outcomeOf(...target('chain.test')), 'refused')
  })
})
