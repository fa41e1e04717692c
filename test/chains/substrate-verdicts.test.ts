import assert from 'node:assert/strict'
import {
  areAllUp,
  isDegraded,
  type Monitors,
  startMonitors,
  type Targets,
  verdictOf,
} from './monitors.ts'
import { GENESIS_HASH, type Gossamer, makeGossamer } from './servers/gossamer.ts'
import { stopServers } from './servers/lifetime.ts'

const ROUND_MS = 6000
/** Blocks come every six seconds. */
const LAG_BLOCKS = 5
const HEAD_AGE_MS_MAX = 60_000
const WAIT_MS = 180_000
/** Gossamer finalizes some eight blocks at a time. */
const FINALITY_MS = 300_000
/** Longer than the states that groups are looked at over. */
const STILL_MS = 300_000

describe('four monitors that watch three nodes of a Substrate chain', () => {
  let authority: Gossamer
  /** Makes a chain of its own, with the key of the same authority. */
  let other: Gossamer
  let one: Gossamer
  let host: Gossamer
  let monitors: Monitors

  const areUp = (targets: Targets) => areAllUp(targets, ['authority', 'one', 'host'])
  const untilUp = () => monitors.until('all up', WAIT_MS, areUp)
  /** With nothing but what it gets of these. */
  const restart = async (node: Gossamer, peers: readonly Gossamer[]) => {
    await node.stop()
    node.reset()
    await node.start(peers)
  }

  before(async () => {
    authority = await makeGossamer('authority')
    other = await makeGossamer('authority')
    one = await makeGossamer('full')
    host = await makeGossamer('full')
    await authority.start()
    await other.start()
    for (const each of [one, host]) await each.start([authority])
    // Of finality nothing is asked: Gossamer is late with it.
    const thresholds = [
      { signal: 'best', lag: LAG_BLOCKS, severity: 'degraded' },
      { signal: 'lonely', above: 0, severity: 'degraded' },
      { signal: 'head-age', above: HEAD_AGE_MS_MAX, severity: 'degraded' },
    ]
    const member = (id: string, { wsUrl: url }: Gossamer) => {
      const params = { url, genesisHash: GENESIS_HASH, referenceStep: 1 }
      return { id, kind: 'substrate', group: 'dev', params, policy: { thresholds } }
    }
    const genesisHash = `0x${'11'.repeat(32)}`
    monitors = await startMonitors(ROUND_MS, [
      member('authority', authority),
      member('one', one),
      member('host', host),
      { id: 'elsewhere', kind: 'substrate', params: { url: authority.wsUrl, genesisHash } },
    ])
  })
  after(stopServers)

  it('agree that healthy nodes are up, and one of another chain is down', async () => {
    const targets = await monitors.until('verdicts', WAIT_MS, (state) => {
      return areUp(state) && verdictOf(state, 'elsewhere') === 'down'
    })
    assert.equal(targets.get('elsewhere')?.reason, 'wrong-chain')
    const group = await monitors.untilGroup('heads that rise', WAIT_MS, 'dev', ({ standing }) => {
      return standing === 'advancing'
    })
    assert.deepEqual(group.forks, [])
  })

  it('agree on who is on a fork by what is final and is degraded for it, and that it is back', async () => {
    await restart(host, [other])
    await monitors.untilAstray(FINALITY_MS, 'dev', 'block-hash', ['host'])
    await monitors.until('an astray node', WAIT_MS, (state) => {
      return isDegraded(state, 'host', /another chain/)
    })
    await restart(host, [authority])
    await monitors.untilGroup('no fork', FINALITY_MS, 'dev', ({ standing }) => {
      return standing === 'advancing'
    })
    await untilUp()
  })

  it('agree that a node without peers lags behind its group, until it has caught up', async () => {
    await restart(host, [])
    const targets = await monitors.until('a node that lags', WAIT_MS, (state) => {
      return isDegraded(state, 'host', /best/)
    })
    assert.ok(areAllUp(targets, ['authority', 'one']))
    await restart(host, [authority])
    await untilUp()
  })

  it('agree that a node that is frozen is down, and up again', async () => {
    one.freeze()
    const targets = await monitors.until('a frozen node', WAIT_MS, (state) => {
      return verdictOf(state, 'one') === 'down'
    })
    assert.equal(targets.get('one')?.reason, 'timeout')
    assert.equal(verdictOf(targets, 'authority'), 'up')
    one.thaw()
    await untilUp()
  })

  it('agree that an authority that is gone is down, and its chain stands still', async () => {
    await authority.stop()
    const targets = await monitors.until('all verdicts', WAIT_MS, (state) => {
      return (
        verdictOf(state, 'authority') === 'down' &&
        ['one', 'host'].every((id) => isDegraded(state, id, /head-age/))
      )
    })
    assert.equal(targets.get('authority')?.reason, 'refused')
    await monitors.untilGroup('a group that stands still', STILL_MS, 'dev', ({ standing }) => {
      return standing === 'still'
    })
  })

  it('agree that a node whose last peer is gone is lonely', async () => {
    await one.stop()
    await monitors.until('a lonely node', WAIT_MS, (state) => isDegraded(state, 'host', /lonely/))
  })
})
