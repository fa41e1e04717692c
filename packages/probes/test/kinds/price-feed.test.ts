import assert from 'node:assert/strict'
import { encodeAbiParameters, parseAbiParameters, toFunctionSelector } from 'viem'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { selectors } from '../../src/protocols/prices/aggregator.ts'
import { priceFeedKind } from '../../src/kinds/price-feed.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { type Anvil, startAnvil } from '../anvil.ts'
import { deployFeed, type FeedContract } from '../feed-contract.ts'
import { makeBlock, type RpcTable, startRpcServer } from '../rpc-server.ts'

const CHAIN_ID = 31_337
const UPDATED_S = 1_750_000_000n
const HEARTBEAT_MS = 60_000
/** A node at height 9. */
const node = {
  eth_chainId: { result: '0x7a69' },
  eth_getBlockByNumber: { result: makeBlock(9, 1_700_000_000) },
}

describe('kind price-feed', () => {
  let anvil: Anvil
  let feed: FeedContract

  before(async function () {
    // The compiler alone takes a second or two to load.
    this.timeout(30_000)
    // Its blocks are all of the past, so that a probe reads the latest: the last one set.
    anvil = await startAnvil(CHAIN_ID, Date.now() - 3_600_000)
    feed = await deployFeed(anvil, 8)
  })
  after(() => anvil.stop())

  function probe(
    params: Readonly<Record<string, unknown>> = {},
    roundStartMs = Date.now(),
  ): Promise<ProbeResult> {
    const basis = {
      chainId: CHAIN_ID,
      address: feed.address,
      decimals: 8,
      heartbeatMs: HEARTBEAT_MS,
    }
    return probeOnce(priceFeedKind, { url: anvil.url, ...basis, ...params }, { roundStartMs })
  }

  it('reads price, ages against the round’s start, and round', async () => {
    const phase = 3n << 64n
    await feed.set(phase | 42n, 123_456_789_012n, UPDATED_S, phase | 42n, UPDATED_S - 7n)
    const roundStartMs = Date.now()
    const result = await probe({ description: 'ETH / USD' }, roundStartMs)
    assert.ok(result.status === 'reached', getEnding(result))
    const { latency, ...signals } = result.signals
    assert.ok(latency !== undefined && latency > 0n)
    const head = (await anvil.call('eth_getBlockByNumber', ['latest', false])) as {
      number: string
      timestamp: string
    }
    assert.deepEqual(signals, {
      price: 123_456_789_012n,
      age: BigInt(roundStartMs) - UPDATED_S * 1000n,
      'feed-round': 42n,
      carried: 0n,
      'round-time': 7000n,
      'head-age': BigInt(roundStartMs - Number(head.timestamp) * 1000),
    })
    assert.deepEqual(result.reference, { kind: 'height', value: Number(head.number) })
    const id = Buffer.from(result.identities['round-id'] ?? []).toString('hex')
    assert.equal(id, '0003000000000000002a')
  })

  it('reads one block in a round, whatever has been mined when a monitor asks', async () => {
    const young = await startAnvil(CHAIN_ID, Date.now() - 60_000)
    try {
      const own = await deployFeed(young, 8)
      await own.set(1n, 100n, UPDATED_S, 1n)
      const params = { url: young.url, address: own.address, blockMs: 1000, referenceDepth: 1 }
      const head = (await young.call('eth_getBlockByNumber', ['latest', false])) as {
        number: string
        timestamp: string
      }
      const roundStartMs = Number(head.timestamp) * 1000 + 1999
      // The scheduler asks for a round that is now; the block read lies by its start.
      await young.call('evm_setNextBlockTimestamp', [Number(head.timestamp) + 1])
      await own.set(2n, 200n, UPDATED_S, 2n)
      const view = await probe({ ...params, referenceDepth: 0 })
      assert.ok(view.status === 'reached' && view.signals['price'] === 200n)
      const offsetMs = Date.now() - roundStartMs
      const depth = Math.ceil(offsetMs / 1000) + 1
      const earlier = await probe({ ...params, referenceDepth: Math.min(100, depth) })
      assert.ok(earlier.status === 'reached', getEnding(earlier))
      assert.equal(earlier.signals['price'], 100n)
      assert.deepEqual(earlier.reference, { kind: 'height', value: Number(head.number) })
    } finally {
      await young.stop()
    }
  })

  it('leaves out how long a round took where a feed does not say when it began', async () => {
    await feed.set(1n, 1n, UPDATED_S, 1n, 0n)
    const result = await probe()
    assert.ok(result.status === 'reached', getEnding(result))
    assert.ok(!('round-time' in result.signals))
  })

  it('says content of the feed of another pair', async () => {
    await feed.set(1n, 1n, UPDATED_S, 1n)
    assert.equal(getEnding(await probe({ description: 'BTC / USD' })), 'content')
  })

  it('gives an age below 0 of an update later than the round’s start', async () => {
    await feed.set(1n, 1n, UPDATED_S, 1n)
    const result = await probe({}, Date.now())
    assert.ok(result.status === 'reached')
    const roundStartMs = Date.now()
    await feed.set(2n, 1n, BigInt(Math.ceil(roundStartMs / 1000) + 5), 2n)
    const later = await probe({}, roundStartMs)
    assert.ok(later.status === 'reached' && (later.signals['age'] ?? 0n) < 0n)
  })

  it('gives the price in the scale asked for', async () => {
    await feed.set(1n, 123_456_789n, UPDATED_S, 1n)
    const result = await probe({ scale: 2, unit: 'usd' })
    assert.ok(result.status === 'reached')
    assert.equal(result.signals['price'], 123n)
  })

  it('counts the rounds over which an answer was carried', async () => {
    await feed.set(9n, 1n, UPDATED_S, 7n)
    const result = await probe()
    assert.ok(result.status === 'reached')
    assert.equal(result.signals['carried'], 2n)
    await feed.set((2n << 64n) | 1n, 1n, UPDATED_S, (1n << 64n) | 900n)
    const crossed = await probe()
    assert.ok(crossed.status === 'reached')
    assert.equal(crossed.signals['carried'], 2n ** 63n - 1n)
  })

  it('says content of a round that is not complete, or answered later than it began', async () => {
    for (const [id, updatedAt, answeredIn] of [
      [5n, 0n, 5n],
      [0n, UPDATED_S, 0n],
      [5n, UPDATED_S, 6n],
      [5n, 2n ** 60n, 5n],
    ] as const) {
      await feed.set(id, 100n, updatedAt, answeredIn)
      assert.equal(getEnding(await probe()), 'content', `${id} ${updatedAt} ${answeredIn}`)
    }
  })

  it('says content of a price that is none, or that 64 bits do not hold', async () => {
    for (const answer of [0n, -1n, 2n ** 63n, 2n ** 255n - 1n]) {
      await feed.set(1n, answer, UPDATED_S, 1n)
      assert.equal(getEnding(await probe()), 'content', String(answer))
    }
    await feed.set(1n, 2n ** 63n - 1n, UPDATED_S, 1n)
    assert.equal(getEnding(await probe()), 'reached')
  })

  it('says content of a contract with other decimals', async () => {
    await feed.set(1n, 1n, UPDATED_S, 1n)
    assert.equal(getEnding(await probe({ decimals: 18 })), 'content')
  })

  it('says reverted of an address without a contract, and wrong-chain before that', async () => {
    const address = `0x${'11'.repeat(20)}`
    assert.equal(getEnding(await probe({ address })), 'reverted')
    assert.equal(getEnding(await probe({ address, chainId: 1 })), 'wrong-chain')
  })

  it('says reverted of a contract that reverts', async () => {
    const broken = await deployFeed(anvil, 8)
    await broken.breakDown()
    assert.equal(getEnding(await probe({ address: broken.address })), 'reverted')
  })

  it('says what a server’s odd answer to the call means', async () => {
    const table: RpcTable = node
    for (const [answer, ending] of [
      [{ error: { code: -32_000, message: 'execution reverted' } }, 'reverted'],
      [{ error: { code: 3, message: 'no' } }, 'reverted'],
      [{ error: { code: -32_603, message: 'no', data: '0x08c379a0' } }, 'reverted'],
      [{ error: { code: -32_005, message: 'limit exceeded' } }, 'status'],
      [{ error: { code: -32_601, message: 'no such method' } }, 'protocol'],
      [{ result: null }, 'protocol'],
      [{ result: '0x0' }, 'protocol'],
      [{ result: `0x${'00'.repeat(32)}` }, 'content'],
      [{ result: `0x${'ff'.repeat(160)}` }, 'content'],
    ] as const) {
      const server = await startRpcServer({ ...table, eth_call: answer })
      try {
        assert.equal(getEnding(await probe({ url: server.url })), ending, JSON.stringify(answer))
      } finally {
        await server.close()
      }
    }
  })

  it('calls the functions of AggregatorV3Interface', () => {
    assert.equal(selectors.decimals, toFunctionSelector('decimals()'))
    assert.equal(selectors.description, toFunctionSelector('description()'))
    assert.equal(selectors.latestRoundData, toFunctionSelector('latestRoundData()'))
  })

  it('reads the words as an ABI library writes them', async () => {
    const types = parseAbiParameters('uint80, int256, uint256, uint256, uint80')
    const id = 2n ** 64n + 2n ** 63n - 1n
    const words = encodeAbiParameters(types, [id, 7n, 1n, UPDATED_S, id])
    const table: RpcTable = { ...node, eth_call: { result: words } }
    const server = await startRpcServer(table)
    try {
      // The same words come for decimals(), which they are not.
      const result = await probe({ url: server.url })
      assert.ok(result.status === 'failed' && result.detail === 'decimals: no uint8')
    } finally {
      await server.close()
    }
  })

  it('is stale by default a quarter of its heartbeat late, and no less than five seconds', () => {
    const registry = makeRegistry([priceFeedKind])
    const getAge = (heartbeatMs: number) => {
      const params = {
        url: 'http://127.0.0.1/',
        chainId: 1,
        address: `0x${'11'.repeat(20)}`,
        decimals: 8,
        heartbeatMs,
      }
      const draft = { id: 'feed', kind: 'price-feed', timeoutMs: 800, params }
      const expanded = expandTarget(draft, registry)
      assert.ok(expanded.ok)
      return expanded.target.policy.thresholds.find(({ signal }) => signal === 'age')
    }
    assert.deepEqual(getAge(4000), { signal: 'age', above: 9000, severity: 'degraded' })
    assert.deepEqual(getAge(3_600_000), { signal: 'age', above: 4_500_000, severity: 'degraded' })
  })
})
