import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { getEnding, probeOnce, type ProbeOptions } from '../../../src/compliance/harness.ts'
import type { ProbeResult } from '../../../src/kind.ts'
import { priceReferenceKind } from '../../../src/kinds/price-reference.ts'
import { type Anvil, startAnvil } from '../../anvil.ts'
import { deployFeed, type FeedContract } from '../../feed-contract.ts'
import { startTextServer, type TextServer } from '../../text-server.ts'

const CHAIN_ID = 31_337
const UPDATED_S = 1_750_000_000n
/** 3000 with eight decimals, and one basis point of it. */
const PRICE = 300_000_000_000n
const BASIS_POINT = PRICE / 10_000n
const recorded = readFileSync(
  new URL('../../fixtures/pyth-hermes-latest.json', import.meta.url),
  'utf8',
)
const PRICE_ID = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43'

describe('oracles of kind price-reference', () => {
  let anvil: Anvil
  let feed: FeedContract
  let sources: TextServer

  before(async function () {
    // The compiler alone takes a second or two to load.
    this.timeout(30_000)
    // Its blocks are all of the past, so that a probe reads the latest: the last one set.
    anvil = await startAnvil(CHAIN_ID, Date.now() - 3_600_000)
    feed = await deployFeed(anvil, 8)
    sources = await startTextServer(() => ({ body: '{"price":"3000"}' }))
  })
  after(async () => {
    await anvil.stop()
    await sources.close()
  })

  const aggregator = (more: object = {}) => ({
    name: 'own',
    url: anvil.url,
    chainId: CHAIN_ID,
    address: feed.address,
    decimals: 8,
    ...more,
  })
  const setPrice = (price: bigint) => feed.set(1n, price, UPDATED_S, 1n)

  function probe(
    oracles: readonly object[],
    more: object = {},
    options: ProbeOptions = {},
  ): Promise<ProbeResult> {
    const list = ['a', 'b', 'c'].map((path) => ({
      url: `${sources.url}/${path}`,
      price: '/price',
    }))
    return probeOnce(priceReferenceKind, { sources: list, oracles, ...more }, options)
  }

  async function getDeviation(price: bigint): Promise<bigint | undefined> {
    await setPrice(price)
    const result = await probe([aggregator()])
    assert.ok(result.status === 'reached', getEnding(result))
    return result.signals['own-deviation']
  }

  it('are told by price and by how far they are from the reference', async () => {
    await setPrice(PRICE + 25n * BASIS_POINT)
    const result = await probe([aggregator()])
    assert.ok(result.status === 'reached', getEnding(result))
    const { latency, ...signals } = result.signals
    assert.ok(latency !== undefined && latency > 0n)
    assert.deepEqual(signals, {
      'reference-price': PRICE,
      sources: 3n,
      outliers: 0n,
      spread: 0n,
      oracles: 1n,
      'own-price': PRICE + 25n * BASIS_POINT,
      'own-deviation': 2500n,
    })
  })

  it('deviate by as many basis points below as above, cut to a hundredth', async () => {
    assert.equal(await getDeviation(PRICE), 0n)
    assert.equal(await getDeviation(PRICE + BASIS_POINT), 100n)
    assert.equal(await getDeviation(PRICE - BASIS_POINT), 100n)
    assert.equal(await getDeviation(PRICE - 400n * BASIS_POINT), 40_000n)
    assert.equal(await getDeviation(PRICE + BASIS_POINT / 100n - 1n), 0n)
    assert.equal(await getDeviation(PRICE + BASIS_POINT / 100n), 1n)
  })

  it('deviate wholly where their price is 0, and further where it is below', async () => {
    assert.equal(await getDeviation(0n), 1_000_000n)
    assert.equal(await getDeviation(-PRICE), 2_000_000n)
    assert.equal(await getDeviation(2n ** 255n - 1n), 2n ** 63n - 1n)
  })

  it('may be a price of Pyth, whatever its exponent', async () => {
    const hermes = await startTextServer(() => ({
      body: recorded.replaceAll('2920679499999', '300300000000'),
    }))
    try {
      const pyth = { name: 'pyth', feed: 'pyth', url: hermes.url, priceId: PRICE_ID }
      await setPrice(PRICE - 10n * BASIS_POINT)
      const result = await probe([aggregator(), pyth])
      assert.ok(result.status === 'reached', getEnding(result))
      assert.deepEqual(
        ['oracles', 'own-deviation', 'pyth-deviation', 'pyth-price'].map(
          (name) => result.signals[name],
        ),
        [2n, 1000n, 1000n, 300_300_000_000n],
      )
    } finally {
      await hermes.close()
    }
  })

  it('are counted where some cannot be read, and the others told', async () => {
    await setPrice(PRICE)
    const broken = await deployFeed(anvil, 8)
    await broken.breakDown()
    const silent = await startTextServer(() => undefined)
    try {
      const result = await probe(
        [
          aggregator({ name: 'broken', address: broken.address }),
          aggregator({ name: 'silent', url: silent.url }),
          aggregator(),
        ],
        {},
        { timeoutMs: 1500 },
      )
      assert.ok(result.status === 'reached', getEnding(result))
      assert.equal(result.signals['oracles'], 1n)
      assert.equal(result.signals['own-deviation'], 0n)
      assert.ok(!Object.keys(result.signals).some((name) => /^(broken|silent)-/.test(name)))
    } finally {
      await silent.close()
    }
  })

  it('end the probe with what became of the first, where none can be read', async () => {
    const broken = await deployFeed(anvil, 8)
    await broken.breakDown()
    const oracle = aggregator({ address: broken.address })
    const gone = aggregator({ name: 'gone', chainId: 1 })
    const result = await probe([oracle, gone])
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'reverted')
    assert.match(result.detail, /^own: /)
    assert.equal(getEnding(await probe([gone, oracle])), 'wrong-chain')
    assert.equal(getEnding(await probe([aggregator({ decimals: 18 })])), 'content')
  })

  it('that this machine may not ask make it abstain, so that none is said to be missing', async () => {
    await setPrice(PRICE)
    const forbidden = aggregator({ name: 'inside', url: 'http://127.0.0.2:9/' })
    assert.equal(getEnding(await probe([aggregator(), forbidden])), 'forbidden-address')
  })

  it('are not judged where their sources disagree', async () => {
    await setPrice(PRICE)
    let asked = 0
    const liars = await startTextServer(() => ({ body: `{"price":${3000 + 300 * asked++}}` }))
    try {
      const list = ['a', 'b', 'c'].map((path) => ({ url: `${liars.url}/${path}`, price: '/price' }))
      const result = await probe([aggregator()], { sources: list })
      assert.ok(result.status === 'failed')
      assert.equal(result.outcome, 'content')
      assert.match(result.detail, /3 prices differ by more than 100 bp/)
    } finally {
      await liars.close()
    }
  })

  it('leave out a price that 64 bits do not hold, but tell how far it is', async () => {
    await setPrice(2n ** 62n)
    const result = await probe([aggregator()], { scale: 14 })
    assert.ok(result.status === 'reached', getEnding(result))
    assert.ok(!('own-price' in result.signals))
    assert.ok((result.signals['own-deviation'] ?? 0n) > 0n)
  })
})
