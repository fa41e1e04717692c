import assert from 'node:assert/strict'
import { ask, askFor, askUntil } from './ask.ts'
import { GENESIS_HASH, type Gossamer, startGossamer } from './servers/gossamer.ts'
import { stopServers } from './servers/lifetime.ts'

describe('kind substrate, with Gossamer', () => {
  let authority: Gossamer
  let follower: Gossamer

  const target = (url: string, over: object = {}) =>
    ['substrate', { url, genesisHash: GENESIS_HASH, ...over }] as const

  before(async () => {
    authority = await startGossamer({ isAuthority: true })
    follower = await startGossamer({ isAuthority: false, peers: [await authority.getAddress()] })
  })
  after(stopServers)

  it('reads blocks as they are made, and their age, over a WebSocket', async () => {
    const { signals } = await askUntil(
      'a second block',
      120_000,
      target(authority.wsUrl),
      ({ signals: read }) => Number(read['best']) >= 2,
    )
    assert.equal(signals['major-sync'], 0n)
    assert.ok(Number(signals['head-age']) < 20_000)
    assert.equal(signals['peers'], 1n)
    assert.equal(signals['lonely'], 0n)
  })

  it('reads a node that follows at the same height, over HTTP too', async () => {
    const { signals } = await askUntil(
      'the follower at the head',
      60_000,
      target(follower.httpUrl),
      ({ signals: read }) => Number(read['best']) >= 2,
    )
    assert.equal(signals['peers'], 1n)
    assert.equal(signals['sync-lag'], 0n)
  })

  it('sees finality move, and how far it is behind', async () => {
    const { signals } = await askUntil(
      'a finalized block',
      180_000,
      target(authority.wsUrl),
      ({ signals: read }) => Number(read['finalized']) > 0,
    )
    const { best, finalized } = signals
    assert.ok(best !== undefined && finalized !== undefined)
    assert.equal(signals['finality-lag'], best - finalized)
  })

  it('says wrong-chain where another chain is expected', async () => {
    const other = { genesisHash: `0x${'11'.repeat(32)}` }
    const result = await ask(...target(authority.wsUrl, other))
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'wrong-chain')
  })

  it('says timeout of a node that is frozen', async () => {
    authority.process.freeze()
    const result = await ask(...target(authority.wsUrl))
    authority.process.thaw()
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'timeout')
  })

  it('sees a node whose only peer, the authority, is gone: alone, and its head ages', async () => {
    await authority.stop()
    const { signals } = await askUntil(
      'a lonely follower whose head ages',
      120_000,
      target(follower.wsUrl),
      ({ signals: read }) => read['lonely'] === 1n && Number(read['head-age']) > 20_000,
    )
    assert.equal(signals['peers'], 0n)
    const gone = await askFor('refusal', 10_000, target(authority.wsUrl), ({ status }) => {
      return status === 'failed'
    })
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
  })
})
