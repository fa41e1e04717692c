import assert from 'node:assert/strict'
import {
  areAllUp,
  isDegraded,
  type Monitors,
  startMonitors,
  type Targets,
  verdictOf,
} from './monitors.ts'
import { BLOCK_MS, type GethChain, startGethChain } from './servers/geth-chain.ts'
import { stopServers } from './servers/lifetime.ts'

const ROUND_MS = 6000
/** More than a node is behind whose blocks have one to be told of. */
const LAG_BLOCKS = 6
const FINALIZED_LAG_MAX = 12
const HEAD_AGE_MS_MAX = 12_000

describe('four monitors that watch two nodes of an EVM chain', () => {
  let chain: GethChain
  let monitors: Monitors

  const areUp = (targets: Targets) => areAllUp(targets, ['builder', 'socket', 'follower'])
  const untilUp = () => monitors.until('all up', 120_000, areUp)

  before(async () => {
    chain = await startGethChain()
    const { chainId, builder, follower } = chain
    const params = { chainId, blockMs: BLOCK_MS, referenceDepth: 4, referenceStep: 1 }
    const thresholds = [
      { signal: 'peers', below: 1, severity: 'degraded' },
      { signal: 'head', lag: LAG_BLOCKS, severity: 'degraded' },
      { signal: 'head-age', above: HEAD_AGE_MS_MAX, severity: 'degraded' },
      { signal: 'finalized-lag', above: FINALIZED_LAG_MAX, severity: 'degraded' },
    ]
    const node = { kind: 'evm-rpc', group: 'evm', policy: { thresholds } }
    monitors = await startMonitors(ROUND_MS, [
      { ...node, id: 'builder', params: { url: builder.url, ...params } },
      { ...node, id: 'socket', params: { url: builder.wsUrl, ...params } },
      { ...node, id: 'follower', params: { url: follower.url, ...params } },
      { id: 'elsewhere', kind: 'evm-rpc', params: { url: builder.url, chainId: 1 } },
    ])
  })
  after(stopServers)

  it('agree that healthy nodes are up and of one chain, and one of another chain is down', async () => {
    const targets = await monitors.until('verdicts', 180_000, (state) => {
      return areUp(state) && verdictOf(state, 'elsewhere') === 'down'
    })
    assert.equal(targets.get('elsewhere')?.reason, 'wrong-chain')
    const group = await monitors.untilGroup('heads that rise', 60_000, 'evm', ({ standing }) => {
      return standing === 'advancing'
    })
    assert.deepEqual(group.forks, [])
  })

  it('agree on who is on a fork and is degraded for it, and that it is back', async () => {
    chain.setFollower('forked')
    const group = await monitors.untilGroup('a fork', 60_000, 'evm', ({ standing }) => {
      return standing === 'forked'
    })
    assert.deepEqual(
      group.forks.map(({ identity, astray }) => [identity, astray]),
      [['block-hash', ['follower']]],
    )
    const targets = await monitors.until('an astray follower', 60_000, (state) => {
      return isDegraded(state, 'follower', /another chain/)
    })
    assert.equal(verdictOf(targets, 'builder'), 'up')
    chain.setFollower('follows')
    await monitors.untilGroup('no fork', 60_000, 'evm', ({ standing }) => standing === 'advancing')
    await untilUp()
  })

  it('agree that a node that was left alone lags behind its group', async () => {
    chain.setFollower('left-alone')
    const targets = await monitors.until('a lagging follower', 120_000, (state) => {
      return isDegraded(state, 'follower', /head/)
    })
    assert.equal(verdictOf(targets, 'builder'), 'up')
    chain.setFollower('follows')
    await untilUp()
  })

  it('agree that nodes without peers are degraded, and up once they are connected', async () => {
    await chain.follower.disconnect(chain.builder)
    await monitors.until('starved nodes', 120_000, (state) => {
      return isDegraded(state, 'follower', /peers/) && isDegraded(state, 'builder', /peers/)
    })
    await chain.follower.connect(chain.builder)
    await untilUp()
  })

  it('agree that nothing becomes final any more, while blocks come', async () => {
    chain.setFinalizing(false)
    await monitors.until('a final block left behind', 120_000, (state) => {
      return ['builder', 'socket', 'follower'].every((id) => isDegraded(state, id, /finalized-lag/))
    })
    chain.setFinalizing(true)
    await untilUp()
  })

  it('agree that a chain whose blocks have stopped stands still', async () => {
    await chain.setBuilding(false)
    await monitors.until('heads that age', 120_000, (state) => {
      return ['builder', 'socket', 'follower'].every((id) => isDegraded(state, id, /head-age/))
    })
    await monitors.untilGroup('a group that stands still', 120_000, 'evm', ({ standing }) => {
      return standing === 'still'
    })
    await chain.setBuilding(true)
    await untilUp()
  })

  it('agree that a node that is gone is down, and its peer has none', async () => {
    chain.setFollower('left-alone')
    await chain.waitForBlocks(1)
    await chain.follower.stop()
    const targets = await monitors.until('both verdicts', 120_000, (state) => {
      return verdictOf(state, 'follower') === 'down' && isDegraded(state, 'builder', /peers/)
    })
    assert.equal(targets.get('follower')?.reason, 'refused')
  })
})
