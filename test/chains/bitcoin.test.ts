import assert from 'node:assert/strict'
import { type Asked, ask, askUntil } from './ask.ts'
import { startMonitors } from './monitors.ts'
import { type Btcd, startBtcd } from './servers/btcd.ts'
import { stopServers } from './servers/lifetime.ts'

describe('kind bitcoin, with btcd', () => {
  let first: Btcd
  let second: Btcd

  // No manifest may hold the password: it is bound to the target.
  const target = ({ url, authorization }: Btcd): Asked => [
    'bitcoin',
    { url, chain: 'regtest', secret: 'required' },
    { origin: new URL(url).origin, headers: { authorization } },
  ]

  before(async () => {
    first = await startBtcd('regtest')
    second = await startBtcd('regtest')
  })
  after(stopServers)

  it('says auth of a node whose password it does not know', async () => {
    const result = await ask('bitcoin', { url: first.url, chain: 'regtest' })
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'auth')
  })

  it('tells a node without peers, whose tip is years old, as its genesis is', async () => {
    const result = await ask(...target(first))
    assert.ok(result.status === 'reached')
    assert.equal(result.signals['height'], 0n)
    assert.equal(result.signals['peers'], 0n)
    assert.ok(Number(result.signals['tip-age']) > 86_400_000 * 365)
  })

  it('reads blocks as they come', async () => {
    await first.generate(20)
    const result = await ask(...target(first))
    assert.ok(result.status === 'reached')
    assert.equal(result.signals['height'], 20n)
    assert.equal(result.signals['header-lag'], 0n)
    assert.ok(Number(result.signals['tip-age']) < 60_000)
    assert.deepEqual(result.reference, { kind: 'height', value: 18 })
  })

  it('tells a node on a fork by the hash at the reference height', async () => {
    await second.generate(20)
    const hashes = await Promise.all([first, second].map(readHash))
    assert.notEqual(hashes[0], hashes[1])
  })

  it('sees a node that lags catch up with its peer, on the same chain then', async () => {
    await first.generate(5)
    await second.connect(first)
    const { signals } = await askUntil(
      'the longer chain',
      60_000,
      target(second),
      ({ signals: read }) => read['height'] === 25n,
    )
    assert.equal(signals['peers'], 1n)
    const hashes = await Promise.all([first, second].map(readHash))
    assert.equal(hashes[0], hashes[1])
  })

  it('is agreed on by monitors that hold its password, and left out by one that does not', async () => {
    const { origin } = new URL(first.url)
    const params = { url: first.url, chain: 'regtest', secret: 'required' }
    const monitors = await startMonitors(
      3000,
      [{ id: 'node', kind: 'bitcoin', params }],
      [{ target: 'node', origin, basic: first.basic, without: 'm4' }],
    )
    try {
      const targets = await monitors.until('the height', 60_000, (agreed) =>
        (agreed.get('node')?.signals ?? []).some(
          ({ name, value }) => name === 'height' && value === '25',
        ),
      )
      // Its peers are too few for the default policy, and it is not down for who lacks the password.
      assert.equal(targets.get('node')?.verdict, 'degraded')
      assert.equal(targets.get('node')?.reached, 3)
      assert.match(monitors.log('m4'), /\(no-secret\)/)
      for (const id of ['m1', 'm4']) assert.ok(!monitors.log(id).includes(first.basic))
    } finally {
      await monitors.stop()
    }
  })

  it('says wrong-chain where another chain is served', async () => {
    const other = await startBtcd('simnet')
    try {
      const result = await ask(...target(other))
      assert.ok(result.status === 'failed')
      assert.equal(result.outcome, 'wrong-chain')
    } finally {
      await other.stop()
    }
  })

  it('says timeout of a node that is frozen, and reads it again once it is not', async () => {
    second.process.freeze()
    const frozen = await ask(...target(second))
    second.process.thaw()
    assert.ok(frozen.status === 'failed')
    assert.equal(frozen.outcome, 'timeout')
    await askUntil('an answer', 30_000, target(second), () => true)
  })

  async function readHash(node: Btcd): Promise<string> {
    const result = await ask(...target(node))
    assert.ok(result.status === 'reached')
    return Buffer.from(result.identities['block-hash'] ?? []).toString('hex')
  }
})
