import assert from 'node:assert/strict'
import {
  areAllUp,
  isDegraded,
  type Monitors,
  startMonitors,
  type Targets,
  verdictOf,
} from './monitors.ts'
import { stopServers } from './servers/lifetime.ts'
import {
  getLodestar,
  type Lodestar,
  SLOT_MS,
  SLOTS_PER_EPOCH,
  startLodestar,
} from './servers/lodestar.ts'

const ROUND_MS = 6000
/** Seconds from the start of the nodes to the chain's: so long does it take them on a busy machine. */
const GENESIS_DELAY = 60
/** So far behind comes a node that is cut off only after it was seen to have no peers. */
const HEAD_LAG_MAX = 12
const WAIT_MS = 180_000
/** Longer than the first epochs take to be final. */
const FINALITY_MS = 300_000

describe('four monitors that watch nodes and validators of a beacon chain', () => {
  let most: Lodestar
  let few: Lodestar
  let watcher: Lodestar
  /** Knows nobody at first, and makes a chain of its own with the keys of all validators. */
  let apart: Lodestar
  let genesisTime: number
  let monitors: Monitors

  const areUp = (targets: Targets) => areAllUp(targets, ['most', 'watcher', 'apart', 'validators'])

  before(async () => {
    // Installing it may take longer than the chain waits.
    getLodestar()
    genesisTime = Math.floor(Date.now() / 1000) + GENESIS_DELAY
    ;[most, few, watcher, apart] = await Promise.all([
      startLodestar({ genesisTime, validators: '0..5' }),
      startLodestar({ genesisTime, validators: '6..7' }),
      startLodestar({ genesisTime }),
      startLodestar({ genesisTime, validators: '0..7' }),
    ])
    await few.connect(most)
    await watcher.connect(most)
    const response = await fetch(`${most.url}eth/v1/beacon/genesis`)
    const { data } = (await response.json()) as { data: { genesis_validators_root: string } }
    const genesisValidatorsRoot = data.genesis_validators_root
    const chain = { genesisValidatorsRoot, slotMs: SLOT_MS, slotsPerEpoch: SLOTS_PER_EPOCH }
    const lag = { signal: 'head-lag', above: HEAD_LAG_MAX, severity: 'degraded' }
    const starved = { signal: 'peers', below: 1, severity: 'degraded' }
    const member = (id: string, { url }: Lodestar, thresholds: readonly object[]) => {
      return {
        id,
        kind: 'eth-beacon',
        group: 'beacon',
        params: { url, ...chain },
        policy: { thresholds },
      }
    }
    const thresholds = [
      { signal: 'balance-change', below: 0, severity: 'degraded' },
      { signal: 'proposals-missed', above: 0, severity: 'degraded' },
    ]
    // Blocks are counted anew each epoch, which is hardly longer than two rounds.
    const watching = { thresholds, fallRounds: 1, riseRounds: 2 }
    monitors = await startMonitors(ROUND_MS, [
      member('most', most, [lag]),
      member('watcher', watcher, [lag, starved]),
      member('apart', apart, [lag]),
      {
        id: 'validators',
        kind: 'eth-beacon',
        params: { url: watcher.url, ...chain, validators: ['6', '7'] },
        policy: watching,
      },
      {
        id: 'elsewhere',
        kind: 'eth-beacon',
        params: { url: most.url, ...chain, genesisValidatorsRoot: `0x${'11'.repeat(32)}` },
      },
    ])
  })
  after(stopServers)

  it('agree that healthy nodes and validators are up, and one of another chain is down', async () => {
    const targets = await monitors.until('verdicts', WAIT_MS, (state) => {
      // The other one is on a fork as soon as anything is final.
      const isWell = areAllUp(state, ['most', 'watcher', 'validators'])
      return isWell && verdictOf(state, 'elsewhere') === 'down'
    })
    assert.equal(targets.get('elsewhere')?.reason, 'wrong-chain')
  })

  it('agree on who is on a fork by what is final and is degraded for it, and that it is back', async () => {
    await monitors.untilAstray(FINALITY_MS, 'beacon', 'finalized-root', ['apart'])
    await monitors.until('an astray node', WAIT_MS, (state) => {
      return isDegraded(state, 'apart', /another chain/)
    })
    await apart.stop(true)
    const targets = await monitors.until('a node that is gone', WAIT_MS, (state) => {
      return verdictOf(state, 'apart') === 'down'
    })
    assert.equal(targets.get('apart')?.reason, 'refused')
    apart = await startLodestar({ genesisTime, insteadOf: apart })
    await apart.connect(most)
    await monitors.until('all up', WAIT_MS, areUp)
    await monitors.untilGroup('no fork', FINALITY_MS, 'beacon', ({ standing }) => {
      return standing === 'advancing'
    })
  })

  it('agree that a node that is frozen is down, and up again', async () => {
    apart.process.freeze()
    const targets = await monitors.until('a frozen node', WAIT_MS, (state) => {
      return verdictOf(state, 'apart') === 'down'
    })
    assert.equal(targets.get('apart')?.reason, 'timeout')
    assert.equal(verdictOf(targets, 'most'), 'up')
    apart.process.thaw()
    await apart.connect(most)
    await monitors.until('all up', WAIT_MS, areUp)
  })

  it('agree that a node without peers is degraded, then that it lags, until it has one', async () => {
    await watcher.disconnect(most)
    await monitors.until('a starved node', WAIT_MS, (state) => {
      return isDegraded(state, 'watcher', /peers/)
    })
    const targets = await monitors.until('a node that lags', WAIT_MS, (state) => {
      return isDegraded(state, 'watcher', /head-lag/)
    })
    assert.equal(verdictOf(targets, 'most'), 'up')
    await watcher.connect(most)
    await monitors.until('all up', WAIT_MS, areUp)
  })

  it('agree that stopped validators miss blocks or lose, while the chain goes on', async () => {
    await few.stop(true)
    const targets = await monitors.until('idle validators', WAIT_MS, (state) => {
      return isDegraded(state, 'validators', /balance-change|proposals-missed/)
    })
    assert.equal(verdictOf(targets, 'most'), 'up')
    assert.equal(verdictOf(targets, 'watcher'), 'up')
  })

  it('agree that a chain without a quorum of its validators stands still', async () => {
    await most.stop(true)
    const targets = await monitors.until('all verdicts', WAIT_MS, (state) => {
      return verdictOf(state, 'most') === 'down' && isDegraded(state, 'watcher', /head-lag/)
    })
    assert.equal(targets.get('most')?.reason, 'refused')
    await monitors.untilGroup(
      'a group that stands still',
      FINALITY_MS,
      'beacon',
      ({ standing }) => {
        return standing === 'still'
      },
    )
  })
})
