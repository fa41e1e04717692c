import assert from 'node:assert/strict'
import type { Reached } from '@watchfire/probes'
import { ask, askFor, askReached, askUntil } from './ask.ts'
import { GENESIS_HASH, type Gossamer, makeGossamer } from './servers/gossamer.ts'
import { stopServers } from './servers/lifetime.ts'

describe('kind substrate, with Gossamer', () => {
  let authority: Gossamer
  let follower: Gossamer
  /** Makes a chain of its own with the key of the same authority. */
  let other: Gossamer

  const target = (url: string, over: object = {}) =>
    ['substrate', { url, genesisHash: GENESIS_HASH, ...over }] as const

  /** With nothing but what it gets of these. */
  const restart = async (node: Gossamer, peers: readonly Gossamer[]) => {
    await node.stop()
    node.reset()
    await node.start(peers)
  }

  before(async () => {
    authority = await makeGossamer('authority')
    follower = await makeGossamer('full')
    other = await makeGossamer('authority')
    await authority.start()
    await other.start()
    await follower.start([authority])
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
    const elsewhere = { genesisHash: `0x${'11'.repeat(32)}` }
    const result = await ask(...target(authority.wsUrl, elsewhere))
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'wrong-chain')
  })

  it('says timeout of a node that is frozen', async () => {
    authority.freeze()
    const result = await ask(...target(authority.wsUrl))
    authority.thaw()
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'timeout')
  })

  it('tells a node on a fork by the hash of a final block, until it is back', async () => {
    await restart(follower, [other])
    const isFinal = ({ reference }: Reached) => reference !== undefined && reference.value > 0
    const read = (node: Gossamer) =>
      askUntil('a final block', 300_000, target(node.wsUrl, { referenceStep: 1 }), isFinal)
    const readHashes = async () => {
      for (;;) {
        const [one, two] = [await read(authority), await read(follower)]
        // Finality comes in leaps, not to both chains at one moment.
        if (one.reference?.value !== two.reference?.value) continue
        const [ours, theirs] = [one, two].map(({ identities }) =>
          Buffer.from(identities['block-hash'] ?? []).toString('hex'),
        )
        // Nothing else tells: it has a peer, is synced and fresh, if not at every moment.
        const { peers, 'sync-lag': lag, 'head-age': age } = two.signals
        if (peers === 1n && lag === 0n && Number(age) < 20_000) return { ours, theirs }
      }
    }
    const { ours, theirs } = await readHashes()
    assert.notEqual(ours, theirs)
    await restart(follower, [authority])
    const back = await readHashes()
    assert.equal(back.ours, back.theirs)
  })

  it('sees a node without peers lag behind the authority, and catch up once it is told of it', async () => {
    await restart(follower, [])
    const { signals } = await askUntil('an answer', 60_000, target(follower.wsUrl), () => true)
    const ahead = await askReached(...target(authority.wsUrl))
    assert.equal(signals['peers'], 0n)
    assert.equal(signals['best'], 0n)
    assert.ok(Number(ahead.signals['best']) > 3)
    // The first block has no time.
    assert.equal(signals['head-age'], undefined)
    await restart(follower, [authority])
    await askUntil(
      'the head again',
      120_000,
      target(follower.wsUrl),
      ({ signals: read }) =>
        Number(read['best']) >= Number(ahead.signals['best']) && Number(read['head-age']) < 20_000,
    )
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
