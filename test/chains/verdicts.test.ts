import assert from 'node:assert/strict'
import { type AgreedTarget, type Monitors, startMonitors } from './monitors.ts'
import {
  BLOCK_MS,
  type CometNetwork,
  type CometNode,
  makeCometNetwork,
} from './servers/cometbft.ts'
import { GENESIS_HASH, type Gossamer, startGossamer } from './servers/gossamer.ts'
import { stopServers } from './servers/lifetime.ts'

/** Long enough for probes of every kind on a busy machine. */
const ROUND_MS = 6000
const WINDOW = 4

describe('four monitors that watch a CometBFT chain and a Substrate chain', () => {
  let comet: CometNetwork
  let authority: Gossamer
  let follower: Gossamer
  let monitors: Monitors

  const node = (at: number): CometNode => {
    const found = comet.validators[at]
    assert.ok(found, `node ${at}`)
    return found
  }
  const verdictOf = (targets: ReadonlyMap<string, AgreedTarget>, id: string) =>
    targets.get(id)?.verdict
  const signalOf = (target: AgreedTarget | undefined, name: string) =>
    target?.signals.find((signal) => signal.name === name)?.value

  before(async () => {
    comet = await makeCometNetwork()
    for (const each of comet.validators) each.start()
    comet.follower.start()
    authority = await startGossamer({ isAuthority: true })
    follower = await startGossamer({ isAuthority: false, peers: [await authority.getAddress()] })
    const chain = { chainId: comet.chainId, blockMs: BLOCK_MS }
    const dev = { genesisHash: GENESIS_HASH }
    // Gossamer finalizes late, and its follower never says that anything is final.
    const thresholds = [{ signal: 'lonely', above: 0, severity: 'degraded' }]
    const hosts = { kind: 'substrate', group: 'dev', policy: { thresholds } }
    monitors = await startMonitors(ROUND_MS, [
      {
        id: 'node',
        kind: 'cometbft',
        group: 'comet',
        params: { url: node(0).url, ...chain },
      },
      {
        id: 'follower',
        kind: 'cometbft',
        group: 'comet',
        params: { url: comet.follower.url, ...chain, peersMin: 1 },
      },
      {
        id: 'validators',
        kind: 'cometbft',
        params: {
          url: node(0).url,
          ...chain,
          window: WINDOW,
          validators: comet.validators.map(({ address }) => address),
        },
      },
      {
        id: 'elsewhere',
        kind: 'cometbft',
        params: { url: node(0).url, chainId: 'cosmoshub-4' },
      },
      { id: 'authority', ...hosts, params: { url: authority.wsUrl, ...dev } },
      { id: 'host', ...hosts, params: { url: follower.wsUrl, ...dev } },
    ])
  })
  after(stopServers)

  it('agree that healthy nodes and validators are up, and one of another chain is down', async () => {
    const targets = await monitors.until('verdicts', 180_000, (state) => {
      const up = ['node', 'follower', 'validators', 'authority', 'host']
      return (
        up.every((id) => verdictOf(state, id) === 'up') && verdictOf(state, 'elsewhere') === 'down'
      )
    })
    assert.equal(targets.get('elsewhere')?.reason, 'wrong-chain')
    const watched = targets.get('validators')
    assert.equal(signalOf(watched, 'active'), '4')
    assert.equal(signalOf(watched, 'missed'), '0')
  })

  it('agree on the set of validators that miss signatures', async () => {
    await node(3).stop()
    const targets = await monitors.until(
      'degraded validators',
      120_000,
      (state) => verdictOf(state, 'validators') === 'degraded',
    )
    const watched = targets.get('validators')
    assert.match(watched?.reason ?? '', /missed-worst/)
    assert.equal(watched?.identities.find(({ name }) => name === 'missed-set')?.value, '08')
    assert.equal(verdictOf(targets, 'node'), 'up')
    node(3).start()
    await monitors.until(
      'validators up again',
      120_000,
      (state) => verdictOf(state, 'validators') === 'up',
    )
  })

  it('agree that a follower that is cut off is degraded, while the chain’s node is up', async () => {
    await comet.follower.stop()
    comet.follower.start([])
    const targets = await monitors.until(
      'a degraded follower',
      120_000,
      (state) => verdictOf(state, 'follower') === 'degraded',
    )
    assert.equal(verdictOf(targets, 'node'), 'up')
    await comet.follower.stop()
    comet.follower.start()
    await monitors.until('a follower that is up', 120_000, (state) => {
      return verdictOf(state, 'follower') === 'up'
    })
  })

  it('agree that a chain without a quorum of its validators stands still', async () => {
    await Promise.all([node(2).stop(), node(3).stop()])
    const targets = await monitors.until(
      'a degraded node',
      120_000,
      (state) => verdictOf(state, 'node') === 'degraded',
    )
    assert.match(targets.get('node')?.reason ?? '', /head-age|round/)
    node(2).start()
    node(3).start()
    await monitors.until('blocks again', 120_000, (state) => verdictOf(state, 'node') === 'up')
  })

  it('agree that an authority that is gone is down, and its follower lonely', async () => {
    await authority.stop()
    const targets = await monitors.until('both verdicts', 180_000, (state) => {
      return verdictOf(state, 'authority') === 'down' && verdictOf(state, 'host') === 'degraded'
    })
    assert.equal(targets.get('authority')?.reason, 'refused')
    assert.match(targets.get('host')?.reason ?? '', /lonely/)
  })
})
