import assert from 'node:assert/strict'
import { compileFeed, stepPrice } from '../../src/devnet/price-feed-contract.ts'

describe('the price feed', () => {
  it('compiles to the shape of AggregatorV3', async () => {
    const { creationCode, selectors } = await compileFeed()
    assert.match(creationCode, /^0x[0-9a-f]{200,}$/)
    // Chainlink's selectors, as its contracts have them on every chain.
    assert.equal(selectors['latestRoundData()'], 'feaf968c')
    assert.equal(selectors['getRoundData(uint80)'], '9a6fc8f5')
    assert.equal(selectors['decimals()'], '313ce567')
    assert.equal(selectors['description()'], '7284e416')
    assert.equal(selectors['version()'], '54fd4d50')
    assert.equal(selectors['update(int256)'], '6299a6ef')
  }).timeout(30_000)

  it('walks by at most two per mille, and never to zero', () => {
    assert.equal(stepPrice(1_000_000n, 0), 998_000n)
    assert.equal(stepPrice(1_000_000n, 0.5), 1_000_000n)
    assert.ok(stepPrice(1_000_000n, 0.999_9) <= 1_002_000n)
    assert.equal(stepPrice(1n, 0), 1n)
  })
})
