import assert from 'node:assert/strict'
import { areAllUp, type Monitors, signalOf, startMonitors, verdictOf } from './monitors.ts'
import {
  BLOCK_MS,
  type CometNetwork,
  type CometNode,
  makeCometNetwork,
} from './servers/cometbft.ts'
import { stopServers } from './servers/lifetime.ts'

/** Long enough for probes of every kind on a busy machine. */
const ROUND_MS = 6000
const WINDOW = 4

describe('four monitors that watch the nodes and validators of a CometBFT chain', () => {
  let comet: CometNetwork
  let monitors: Monitors

  const node = (at: number): CometNode => {
    const found = comet.validators[at]
    assert.ok(found, `node ${at}`)
    return found
  }

  before(async () => {
    comet = await makeCometNetwork()
    for (const each of comet.validators) each.start()
    comet.follower.start()
    const chain = { chainId: comet.chainId, blockMs: BLOCK_MS }
    const member = (id: string, { url }: CometNode, over: object = {}) => {
      return { id, kind: 'cometbft', group: 'comet', params: { url, ...chain, ...over } }
    }
    monitors = await startMonitors(ROUND_MS, [
      member('node', node(0)),
      member('another', node(1)),
      member('follower', comet.follower, { peersMin: 1 }),
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
    ])
  })
  after(stopServers)

  it('agree that healthy nodes and validators are up, and one of another chain is down', async () => {
    const targets = await monitors.until('verdicts', 180_000, (state) => {
      const up = ['node', 'another', 'follower', 'validators']
      return areAllUp(state, up) && verdictOf(state, 'elsewhere') === 'down'
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

  it('agree that a node that is frozen is down, and up again', async () => {
    comet.follower.freeze()
    const targets = await monitors.until('a frozen follower', 120_000, (state) => {
      return verdictOf(state, 'follower') === 'down'
    })
    assert.equal(targets.get('follower')?.reason, 'timeout')
    assert.equal(verdictOf(targets, 'node'), 'up')
    comet.follower.thaw()
    await monitors.until('a follower that is up', 120_000, (state) => {
      return verdictOf(state, 'follower') === 'up'
    })
  })

  it('agree on who is on a fork, and that it is back', async () => {
    const { follower, validators } = comet
    await Promise.all([follower, ...validators].map((each) => each.stop()))
    const others = await comet.copyQuorum()
    for (const each of [...validators, ...others]) each.start()
    follower.start(others)
    await monitors.untilAstray(180_000, 'comet', 'block-hash', ['follower'])
    const targets = await monitors.until('an astray follower', 120_000, (state) => {
      return verdictOf(state, 'follower') === 'degraded'
    })
    assert.match(targets.get('follower')?.reason ?? '', /another chain/)
    assert.equal(verdictOf(targets, 'node'), 'up')
    await follower.stop()
    follower.reset()
    follower.start()
    await monitors.untilGroup('no fork', 180_000, 'comet', ({ standing }) => {
      return standing === 'advancing'
    })
    await Promise.all(others.map((each) => each.stop()))
  })

  it('agree that a node that is gone is down', async () => {
    await comet.follower.stop()
    const targets = await monitors.until('a follower that is gone', 120_000, (state) => {
      return verdictOf(state, 'follower') === 'down'
    })
    assert.equal(targets.get('follower')?.reason, 'refused')
    assert.equal(verdictOf(targets, 'node'), 'up')
  })
})
