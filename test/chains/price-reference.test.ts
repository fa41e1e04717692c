import assert from 'node:assert/strict'
import { type Anvil, startAnvil } from '../../packages/probes/test/anvil.ts'
import { deployFeed, type FeedContract } from '../../packages/probes/test/feed-contract.ts'
import { startTextServer, type TextServer } from '../../packages/probes/test/text-server.ts'
import { hasVerdict, type Monitors, signalOf, startMonitors } from './monitors.ts'
import { keep, stopServers } from './servers/lifetime.ts'

const ROUND_MS = 3000
const CHAIN_ID = 31_337
const WAIT_MS = 90_000
/** 3000 with eight decimals, and one basis point of it. */
const PRICE = 300_000_000_000n
const BASIS_POINT = PRICE / 10_000n

describe('four monitors that watch an oracle on a chain, and three sources of its price', () => {
  let anvil: Anvil
  let feed: FeedContract
  let monitors: Monitors
  let sources: TextServer[]
  /** What each source says. */
  const said = ['3000.00', '3000.30', '2999.70']

  const setPrice = (price: bigint) => feed.set(1n, price, BigInt(Math.floor(Date.now() / 1000)), 1n)
  const until = async (wanted: string, matches = /(?:)/) => {
    const state = await monitors.until(`${wanted} ${matches}`, WAIT_MS, (targets) => {
      return hasVerdict(targets, 'eth-usd', wanted, matches)
    })
    const target = state.get('eth-usd')
    assert.ok(target)
    const read = (name: string) => signalOf(target, name)
    return { target, read }
  }

  before(async () => {
    // Its blocks are all of the past, so that a probe reads the latest: the last one set.
    anvil = keep(await startAnvil(CHAIN_ID, Date.now() - 3_600_000))
    feed = await deployFeed(anvil, 8)
    await setPrice(PRICE)
    sources = await Promise.all(
      said.map((_price, at) => startTextServer(() => ({ body: `{"last":${said[at]}}` }))),
    )
    for (const source of sources) keep({ stop: () => source.close() })
    monitors = await startMonitors(ROUND_MS, [
      {
        id: 'eth-usd',
        kind: 'price-reference',
        params: {
          sources: sources.map(({ url }) => ({ url: `${url}/`, price: '/last' })),
          unit: 'usd',
          oracles: [
            {
              name: 'own',
              url: anvil.url,
              chainId: CHAIN_ID,
              address: feed.address,
              decimals: 8,
              deviationBpMax: 100,
            },
          ],
        },
      },
    ])
  })
  after(stopServers)

  it('agree that it is up while it says what they say', async () => {
    const { read } = await until('up')
    assert.equal(read('reference-price'), String(PRICE))
    assert.equal(read('own-deviation'), '0')
    assert.equal(read('spread'), '200')
  })

  it('agree that it is degraded once it is 150 basis points away, and why', async () => {
    await setPrice(PRICE + 150n * BASIS_POINT)
    const { target, read } = await until('degraded')
    assert.match(target.reason, /own-deviation/)
    assert.equal(read('own-deviation'), '15000')
  })

  it('agree that it is down once it is 500 basis points away, though it is fresh', async () => {
    await setPrice(PRICE - 500n * BASIS_POINT)
    const { target, read } = await until('down', /own-deviation/)
    assert.match(target.reason, /own-deviation/)
    assert.equal(read('own-deviation'), '50000')
  })

  it('agree that it is up again while one source lies, and which one that is', async () => {
    await setPrice(PRICE)
    said[1] = '3300.00'
    const { target, read } = await until('up')
    assert.deepEqual([read('sources'), read('outliers')], ['2', '1'])
    assert.deepEqual(target.identities, [{ name: 'left-out-set', value: '02' }])
  })

  it('agree that there is no reference once two of three lie, rather than that the oracle is wrong', async () => {
    said[2] = '2700.00'
    const { target } = await until('down', /content/)
    assert.equal(target.reason, 'content')
  })
})
