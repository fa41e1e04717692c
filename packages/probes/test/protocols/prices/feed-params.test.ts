import assert from 'node:assert/strict'
import { priceFeedKind } from '../../../src/kinds/price-feed.ts'
import { parseParams } from '../../../src/params.ts'

const url = 'http://rpc.example/'
const address = `0x${'11'.repeat(20)}`
const aggregator = { url, chainId: 1, address, decimals: 8, heartbeatMs: 60_000 }
const sequencer = { feed: 'sequencer', url, chainId: 1, address, graceMs: 3_600_000 }
const pyth = { feed: 'pyth', url, priceId: 'ab'.repeat(32), heartbeatMs: 60_000 }

const findProblems = (params: object) => {
  const parsed = parseParams(priceFeedKind, params)
  return parsed.ok ? [] : parsed.problems.map(({ path, code }) => `${path.join('.')} ${code}`)
}

describe('parameters of a feed', () => {
  it('are an aggregator’s where nothing is said, so that older manifests stand', () => {
    assert.deepEqual(findProblems(aggregator), [])
    const parsed = parseParams(priceFeedKind, aggregator)
    assert.ok(parsed.ok && 'feed' in parsed.params)
    assert.equal(parsed.params.feed, 'aggregator')
  })

  it('must be all that the sort of feed needs, each missing one named', () => {
    assert.deepEqual(findProblems(sequencer), [])
    assert.deepEqual(findProblems(pyth), [])
    for (const params of [aggregator, sequencer, pyth]) {
      for (const name of Object.keys(params)) {
        if (name === 'url' || name === 'feed') continue
        const lacking = Object.entries(params).filter(([key]) => key !== name)
        assert.deepEqual(findProblems(Object.fromEntries(lacking)), [
          `params.${name} missing-param`,
        ])
      }
    }
  })

  it('must be nothing that the sort of feed has no use for', () => {
    assert.deepEqual(findProblems({ ...aggregator, graceMs: 1 }), ['params.graceMs unused-param'])
    assert.deepEqual(findProblems({ ...sequencer, decimals: 0 }), ['params.decimals unused-param'])
    assert.deepEqual(findProblems({ ...pyth, chainId: 1 }), ['params.chainId unused-param'])
  })
})
