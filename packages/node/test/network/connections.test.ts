import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { dropCounter } from '../../src/network/drops.ts'
import { NetworkFault } from '../../src/network/network-fault.ts'
import { areJoined, makeNodes, until } from './harness.ts'
import { makeStrangers } from './strangers.ts'

describe('connections', () => {
  const nodes = makeNodes()
  const strangers = makeStrangers()
  afterEach(async () => {
    await strangers.stop()
    await nodes.close()
  })

  it('come back within two seconds when a peer ends and returns on its old address', async () => {
    const back = await nodes.open()
    const waiting = await nodes.open({ bootstrap: [back.address] })
    await until(() => areJoined(back, waiting), 'joined')
    await back.network.close()
    await until(() => waiting.network.peers().length === 0, 'its loss is noticed')
    const listen = [back.address.replace(/\/p2p\/.*$/, '')]
    const returned = await nodes.open({ peerKey: back.peerKey, listen })
    const startMs = performance.now()
    await until(() => areJoined(returned, waiting), 'joined again')
    const tookMs = performance.now() - startMs
    assert.ok(tookMs < 2000, `${tookMs} ms`)
    assert.equal(await waiting.network.publish('vote', 0, Uint8Array.of(1)), 1)
    waiting.network.sendDirect([{ topic: 'vote', bytes: Uint8Array.of(2) }])
    await until(() => returned.received.length === 2, 'gossip and direct reach it')
  })

  it('are made to a peer that starts later than those that look for it', async () => {
    const later = await nodes.open()
    await later.network.close()
    const early = await nodes.open({ bootstrap: [later.address] })
    const listen = [later.address.replace(/\/p2p\/.*$/, '')]
    const started = await nodes.open({ peerKey: later.peerKey, listen })
    await until(() => areJoined(early, started), 'joined', 3000)
  })

  it('of fifty strangers leave those of the committee and their gossip alone', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] })
    await until(() => areJoined(a, b), 'joined')
    const crowd = await Promise.all(Array.from({ length: 50 }, () => strangers.make()))
    await Promise.allSettled(crowd.map((stranger) => stranger.connect(a)))
    assert.ok(a.counters.get(dropCounter, 'connections-per-host') > 0, 'some are refused')
    assert.ok(a.network.peers().length <= 33, `${a.network.peers().length} connected`)
    // A newcomer of the committee on the crowded host is reached, since we dial it ourselves.
    const c = await nodes.open({ bootstrap: [b.address] })
    await until(() => areJoined(b, c), 'the newcomer joins')
    assert.equal(a.network.peers()[0]?.peerId, b.network.peerId)
    await a.network.publish('vote', 0, Uint8Array.of(3))
    await until(() => b.received.length === 1 && c.received.length === 1, 'gossip goes on')
  })

  it('of strangers take no place that is kept for configured peers', async () => {
    const member = await nodes.open()
    // Eight places; four members and one configured peer leave four to strangers.
    const node = await nodes.open({ bootstrap: [member.address], connectionsMax: 8 })
    await until(() => areJoined(node, member), 'joined')
    await member.network.close()
    const crowd = await Promise.all(Array.from({ length: 10 }, () => strangers.make()))
    await Promise.allSettled(crowd.map((stranger) => stranger.connect(node)))
    assert.ok(node.counters.get(dropCounter, 'connections-strangers') > 0)
    await until(() => node.network.peers().length === 4, 'four strangers are in')
    const returned = await nodes.open({
      peerKey: member.peerKey,
      bootstrap: [node.address],
      listen: [],
    })
    await until(() => areJoined(node, returned), 'and the configured peer gets in by its own dial')
  })

  it('of one peer are four at most', async () => {
    const node = await nodes.open()
    const stranger = await strangers.make()
    const dial = () => stranger.node.dial(multiaddr(node.address), { force: true })
    for (let i = 0; i < 4; i++) await dial()
    // The dialler may believe itself connected for a moment.
    await Promise.allSettled([dial()])
    await until(() => node.counters.get(dropCounter, 'connections-per-peer') === 1, 'refused')
    assert.equal(node.network.peers()[0]?.addresses.length, 4)
  })

  it('are listed with direction, time, address and what the peer calls itself', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] })
    await until(() => areJoined(a, b), 'joined')
    const [info] = a.network.peers()
    assert.ok(info)
    assert.equal(info.peerId, b.network.peerId)
    assert.equal(info.direction, 'inbound')
    assert.equal(info.agent, 'watchfire/1')
    assert.equal(info.topics?.length, 7)
    assert.match(info.addresses[0] ?? '', /^\/ip4\/127\.0\.0\.1\/tcp\/\d+/)
    assert.ok(Math.abs(Date.now() - info.connectedAtMs) < 8000)
    assert.equal(b.network.peers()[0]?.direction, 'outbound')
  })

  it('cannot be waited for on a port in use, and say so in a line', async () => {
    const a = await nodes.open()
    const listen = [a.address.replace(/\/p2p\/.*$/, '')]
    await assert.rejects(
      nodes.open({ listen }),
      (error) =>
        error instanceof NetworkFault &&
        error.code === 'port-in-use' &&
        /127\.0\.0\.1:\d+/.test(error.message) &&
        !error.message.includes('\n'),
    )
  })

  it('are refused to an address that is none, or names no peer', async () => {
    for (const bootstrap of ['/ip4/127.0.0.1/tcp/1', '/nonsense/1']) {
      await assert.rejects(
        nodes.open({ bootstrap: [bootstrap] }),
        (error) => error instanceof NetworkFault && error.code === 'bad-address',
      )
    }
  })
})
