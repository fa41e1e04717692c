import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import {
  areAllUp,
  isDegraded,
  type Monitors,
  startMonitors,
  type Targets,
  verdictOf,
} from './monitors.ts'
import { type Btcd, startBtcd } from './servers/btcd.ts'
import { keep, stopServers } from './servers/lifetime.ts'

const ROUND_MS = 4000
const BLOCK_MS = 2000
/** So far behind comes a node that is cut off only after it was seen to have no peers. */
const LAG_BLOCKS = 15
const TIP_AGE_MS_MAX = 12_000
const WAIT_MS = 120_000
/** Longer than the states that groups are looked at over. */
const STILL_MS = 240_000

describe('four monitors that watch three nodes of a Bitcoin chain', () => {
  let first: Btcd
  let second: Btcd
  let third: Btcd
  let monitors: Monitors
  /** Those that mine, each a block on what it has. */
  let miners: readonly Btcd[] = []

  const nodes = ['first', 'second', 'third']
  const areUp = (targets: Targets) => areAllUp(targets, nodes)
  const untilUp = () => monitors.until('all up', WAIT_MS, areUp)

  async function keepMining(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(miners.map((miner) => miner.generate(1)))
      await delay(BLOCK_MS)
    }
  }

  before(async () => {
    first = await startBtcd('regtest')
    second = await startBtcd('regtest')
    third = await startBtcd('regtest')
    for (const node of [second, third]) await node.connect(first)
    miners = [first]
    const ending = new AbortController()
    const mining = keepMining(ending.signal)
    keep({
      async stop() {
        ending.abort()
        await mining
      },
    })
    const thresholds = [
      { signal: 'height', lag: LAG_BLOCKS, severity: 'degraded' },
      { signal: 'tip-age', above: TIP_AGE_MS_MAX, severity: 'degraded' },
      { signal: 'peers', below: 1, severity: 'degraded' },
    ]
    const node = (id: string, { url }: Btcd) => {
      const params = { url, chain: 'regtest', blockMs: BLOCK_MS, secret: 'required' }
      return { id, kind: 'bitcoin', group: 'btc', params, policy: { thresholds } }
    }
    // No manifest may hold a password: it is bound to the target.
    const password = (target: string, { url, basic }: Btcd) => {
      return { target, origin: new URL(url).origin, basic }
    }
    const elsewhere = { url: first.url, chain: 'main', secret: 'required' }
    monitors = await startMonitors(
      ROUND_MS,
      [
        node('first', first),
        node('second', second),
        node('third', third),
        { id: 'elsewhere', kind: 'bitcoin', params: elsewhere },
      ],
      [
        password('first', first),
        password('second', second),
        password('third', third),
        password('elsewhere', first),
      ],
    )
  })
  after(stopServers)

  it('agree that healthy nodes are up and of one chain, and one of another chain is down', async () => {
    const targets = await monitors.until('verdicts', WAIT_MS, (state) => {
      return areUp(state) && verdictOf(state, 'elsewhere') === 'down'
    })
    assert.equal(targets.get('elsewhere')?.reason, 'wrong-chain')
    const group = await monitors.untilGroup('heights that rise', WAIT_MS, 'btc', ({ standing }) => {
      return standing === 'advancing'
    })
    assert.deepEqual(group.forks, [])
  })

  it('agree that a node that is cut off has no peers, then that it lags, until it has one', async () => {
    await second.disconnect(first)
    await monitors.until('a starved node', WAIT_MS, (state) => isDegraded(state, 'second', /peers/))
    const targets = await monitors.until('a node that lags', WAIT_MS, (state) => {
      return isDegraded(state, 'second', /height/)
    })
    assert.ok(areAllUp(targets, ['first', 'third']))
    await second.connect(first)
    await untilUp()
  })

  it('agree on who is on a fork, and that it is back once its chain is the shorter one', async () => {
    await second.disconnect(first)
    miners = [first, second]
    await monitors.untilAstray(WAIT_MS, 'btc', 'block-hash', ['second'])
    await monitors.until('an astray node', WAIT_MS, (state) => {
      return isDegraded(state, 'second', /another chain/)
    })
    miners = [first]
    await first.generate(3)
    await second.connect(first)
    await monitors.untilGroup('no fork', WAIT_MS, 'btc', ({ standing }) => standing === 'advancing')
    await untilUp()
  })

  it('agree that a node that is frozen is down, and up again, and down once it is gone', async () => {
    const isDown = (reason: string) => (state: Targets) =>
      verdictOf(state, 'third') === 'down' && state.get('third')?.reason === reason
    third.process.freeze()
    const targets = await monitors.until('a frozen node', WAIT_MS, isDown('timeout'))
    assert.equal(verdictOf(targets, 'first'), 'up')
    third.process.thaw()
    await untilUp()
    await third.stop()
    await monitors.until('a node that is gone', WAIT_MS, isDown('refused'))
  })

  it('agree that a chain that nobody mines stands still', async () => {
    miners = []
    await monitors.until('tips that age', WAIT_MS, (state) => {
      return ['first', 'second'].every((id) => isDegraded(state, id, /tip-age/))
    })
    await monitors.untilGroup('a group that stands still', STILL_MS, 'btc', ({ standing }) => {
      return standing === 'still'
    })
  })
})
