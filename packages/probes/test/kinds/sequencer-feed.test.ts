import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { priceFeedKind } from '../../src/kinds/price-feed.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { type Anvil, startAnvil } from '../anvil.ts'
import { deployFeed, type FeedContract } from '../feed-contract.ts'

const CHAIN_ID = 31_337
const HOUR_MS = 3_600_000

describe('kind price-feed of a sequencer’s status', () => {
  let anvil: Anvil
  let feed: FeedContract

  before(async function () {
    this.timeout(30_000)
    anvil = await startAnvil(CHAIN_ID, Date.now() - HOUR_MS)
    feed = await deployFeed(anvil, 0)
  })
  after(() => anvil.stop())

  const getParams = () => ({
    feed: 'sequencer',
    url: anvil.url,
    chainId: CHAIN_ID,
    address: feed.address,
    graceMs: HOUR_MS,
  })

  /** Probes a feed whose status last changed so long before the round. */
  async function probe(answer: bigint, agoS: number): Promise<ProbeResult> {
    const roundStartMs = Math.floor(Date.now() / 1000) * 1000
    const changedS = BigInt(roundStartMs / 1000 - agoS)
    await feed.set(5n, answer, changedS + 10n, 5n, changedS)
    return probeOnce(priceFeedKind, getParams(), { roundStartMs })
  }

  function readStatus(result: ProbeResult) {
    assert.ok(result.status === 'reached', getEnding(result))
    const { latency, 'head-age': headAge, ...status } = result.signals
    assert.ok(latency !== undefined && headAge !== undefined)
    return status
  }

  it('reads 0 as up and 1 as down, since `startedAt` and not since the update', async () => {
    const [day, grace] = [86_400_000n, BigInt(HOUR_MS)]
    assert.deepEqual(readStatus(await probe(0n, 86_400)), {
      'sequencer-down': 0n,
      'status-age': day,
      'grace-left': 0n,
      age: day - 10_000n,
    })
    assert.deepEqual(readStatus(await probe(1n, 86_400)), {
      'sequencer-down': 1n,
      'status-age': day,
      'grace-left': grace,
      age: day - 10_000n,
    })
  })

  it('counts the grace period from the sequencer’s return, to its end', async () => {
    for (const [agoS, leftMs] of [
      [0, HOUR_MS],
      [600, HOUR_MS - 600_000],
      [3599, 1000],
      [3600, 0],
      [3601, 0],
      // Later than the round's start: none of it is over.
      [-30, HOUR_MS],
    ] as const) {
      assert.equal(readStatus(await probe(0n, agoS))['grace-left'], BigInt(leftMs), String(agoS))
    }
  })

  it('says content of a status that is none, and of one that was never set', async () => {
    assert.equal(getEnding(await probe(2n, 600)), 'content')
    assert.equal(getEnding(await probe(-1n, 600)), 'content')
    await feed.set(1n, 0n, 1_750_000_000n, 1n, 0n)
    assert.equal(getEnding(await probeOnce(priceFeedKind, getParams())), 'content')
  })

  it('is down by default while the sequencer is, and degraded until the grace period is over', () => {
    const draft = { id: 'l2', kind: 'price-feed', timeoutMs: 800, params: getParams() }
    const expanded = expandTarget(draft, makeRegistry([priceFeedKind]))
    assert.ok(expanded.ok)
    const { thresholds } = expanded.target.policy
    assert.deepEqual(thresholds[0], { signal: 'sequencer-down', above: 0, severity: 'down' })
    const grace = thresholds.find(({ signal }) => signal === 'grace-left')
    assert.deepEqual(grace, { signal: 'grace-left', above: 0, severity: 'degraded' })
  })
})
