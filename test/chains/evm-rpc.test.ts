import assert from 'node:assert/strict'
import type { Reached } from '@watchfire/probes'
import { ask, askReached, askUntil } from './ask.ts'
import { type Geth } from './servers/geth.ts'
import {
  BLOCK_MS,
  FINALIZED_DEPTH,
  type GethChain,
  SAFE_DEPTH,
  startGethChain,
} from './servers/geth-chain.ts'
import { stopServers } from './servers/lifetime.ts'

describe('kind evm-rpc, with two nodes of geth', () => {
  let chain: GethChain

  const target = (url: string, over: object = {}) => {
    const reference = { referenceDepth: 4, referenceStep: 1 }
    const { chainId } = chain
    return ['evm-rpc', { url, chainId, blockMs: BLOCK_MS, ...reference, ...over }] as const
  }
  const read = (url: string) => askReached(...target(url))
  const isFresh = ({ signals }: Reached) =>
    Number(signals['head']) > 8 && Number(signals['head-age']) < 4000
  /** Hashes at the same height, of nodes that are asked one after the other. */
  const readHashes = async (): Promise<readonly [string, string]> => {
    for (;;) {
      const [one, other] = [await read(chain.builder.url), await read(chain.follower.url)]
      if (one.reference?.value !== other.reference?.value) continue
      const [a = '', b = ''] = [one, other].map(({ identities }) =>
        Buffer.from(identities['block-hash'] ?? []).toString('hex'),
      )
      return [a, b]
    }
  }

  before(async () => {
    chain = await startGethChain()
  })
  after(stopServers)

  it('reads a node at the head, its safe and final blocks, its peers and software', async () => {
    const { signals, identities } = await askUntil(
      'some blocks',
      60_000,
      target(chain.follower.url),
      (reached) => isFresh(reached) && Number(reached.signals['finalized']) > 0,
    )
    assert.equal(signals['finalized-lag'], BigInt(FINALIZED_DEPTH))
    assert.equal(signals['safe-lag'], BigInt(SAFE_DEPTH))
    assert.equal(signals['peers'], 1n)
    assert.equal(signals['gas-used'], 0n)
    assert.equal(signals['tx-rate'], 0n)
    assert.match(Buffer.from(identities['client'] ?? []).toString(), /^Geth\/v1\.\d+\.\d+$/)
    const [one, other] = await readHashes()
    assert.equal(one, other)
  })

  it('reads what transactions make of gas, fees and rates', async () => {
    const { signals: quiet } = await read(chain.builder.url)
    await chain.spend(20)
    const { signals } = await askUntil(
      'a block of transactions',
      10_000,
      target(chain.builder.url),
      ({ signals: now }) => Number(now['tx-rate']) > 0,
    )
    const { 'tx-rate': txRate, 'gas-rate': gasRate, 'base-fee': baseFee } = signals
    assert.ok(txRate !== undefined && gasRate !== undefined && baseFee !== undefined)
    // A transfer costs 21,000; the rate of transactions has three digits after the point.
    assert.equal(gasRate, (txRate * 21_000n) / 1000n)
    assert.ok(Number(signals['gas-used']) > 0)
    assert.ok(baseFee > 0n && baseFee < (quiet['base-fee'] ?? 0n))
  })

  it('reads the same over a WebSocket', async () => {
    const { signals, identities } = await read(chain.builder.wsUrl)
    assert.ok(Number(signals['head-age']) < 4000)
    assert.equal(signals['peers'], 1n)
    assert.match(Buffer.from(identities['client'] ?? []).toString(), /^Geth\//)
  })

  it('says wrong-chain where another chain is expected', async () => {
    const result = await ask(...target(chain.builder.url, { chainId: 1 }))
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'wrong-chain')
  })

  it('sees finality stop while blocks go on', async () => {
    chain.setFinalizing(false)
    const { signals } = await askUntil(
      'a finalized block that is left behind',
      30_000,
      target(chain.builder.url),
      ({ signals: now }) => Number(now['finalized-lag']) >= FINALIZED_DEPTH + 4,
    )
    assert.ok(Number(signals['head-age']) < 4000)
    chain.setFinalizing(true)
    await askUntil(
      'finality again',
      10_000,
      target(chain.builder.url),
      ({ signals: now }) => now['finalized-lag'] === BigInt(FINALIZED_DEPTH),
    )
  })

  it('sees a node that its consensus client has left alone fall behind, and catch up', async () => {
    chain.setFollower('left-alone')
    const { signals } = await askUntil(
      'a head that ages',
      30_000,
      target(chain.follower.url),
      ({ signals: now }) => Number(now['head-age']) > 5000,
    )
    const ahead = await read(chain.builder.url)
    assert.ok(Number(ahead.signals['head-age']) < 4000)
    assert.ok(Number(ahead.signals['head']) >= Number(signals['head']) + 4)
    chain.setFollower('follows')
    await askUntil('the follower at the head', 30_000, target(chain.follower.url), isFresh)
  })

  it('sees a node without peers, which cannot fetch what it lacks until it has one', async () => {
    await chain.follower.disconnect(chain.builder)
    chain.setFollower('left-alone')
    const starved = ({ signals }: Reached) =>
      signals['peers'] === 0n && Number(signals['head-age']) > 4000
    await askUntil('a starved follower', 30_000, target(chain.follower.url), starved)
    // Told of new blocks again, it has nobody to ask for those between.
    chain.setFollower('follows')
    await chain.waitForBlocks(3)
    assert.ok(starved(await read(chain.follower.url)))
    await chain.follower.connect(chain.builder)
    await askUntil('the follower at the head', 60_000, target(chain.follower.url), isFresh)
  })

  it('tells a node on a fork by the hash at the reference height, until it is back', async () => {
    chain.setFollower('forked')
    await chain.waitForBlocks(8)
    const [one, other] = await readHashes()
    assert.notEqual(one, other)
    const [builder, follower] = [await read(chain.builder.url), await read(chain.follower.url)]
    // Nothing else tells them apart: both are synced, fresh and at one height.
    assert.ok(isFresh(builder) && isFresh(follower))
    chain.setFollower('follows')
    await chain.waitForBlocks(8)
    const [again, back] = await readHashes()
    assert.equal(again, back)
  })

  it('sees block production stop, and go on', async () => {
    await chain.setBuilding(false)
    const nodes: readonly Geth[] = [chain.builder, chain.follower]
    for (const node of nodes) {
      await askUntil('a head that ages', 30_000, target(node.url), ({ signals }) => {
        return Number(signals['head-age']) > 5000
      })
    }
    await chain.setBuilding(true)
    for (const node of nodes) await askUntil('blocks', 30_000, target(node.url), isFresh)
  })

  it('says timeout of a node that is frozen, and refused of one that is gone', async () => {
    // The builder goes on alone.
    chain.setFollower('left-alone')
    await chain.waitForBlocks(1)
    chain.follower.process.freeze()
    const frozen = await ask(...target(chain.follower.url))
    chain.follower.process.thaw()
    assert.ok(frozen.status === 'failed')
    assert.equal(frozen.outcome, 'timeout')
    await chain.follower.stop()
    const gone = await ask(...target(chain.follower.url))
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
  })
})
