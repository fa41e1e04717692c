import assert from 'node:assert/strict'
import { dropCounter, messageCounter } from '../../src/network/drops.ts'
import { areJoined, makeNodes, scoreOf, until } from './harness.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('gossip', () => {
  const nodes = makeNodes()
  afterEach(() => nodes.close())

  it('brings a message with its topic, shard and sender to every peer, once', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] })
    const c = await nodes.open({ bootstrap: [a.address, b.address] })
    await until(() => areJoined(a, b) && areJoined(b, c) && areJoined(a, c), 'all are joined')
    assert.equal(await a.network.publish('attestation', 1, bytes(1, 2, 3)), 2)
    await until(() => b.received.length > 0 && c.received.length > 0, 'both have it')
    await a.network.publish('vote', 0, bytes(9))
    await until(() => b.received.length > 1 && c.received.length > 1, 'both have the second')
    for (const node of [b, c]) {
      assert.deepEqual(
        node.received.map(({ topic, shard, bytes: data, via }) => [topic, shard, [...data], via]),
        [
          ['attestation', 1, [1, 2, 3], 'gossip'],
          ['vote', undefined, [9], 'gossip'],
        ],
      )
    }
    assert.equal(b.counters.get(messageCounter, 'vote-accept'), 1)
  })

  it('passes on what was accepted, and neither what was ignored nor what was rejected', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] }, ({ bytes: [verdict] }) =>
      verdict === 0 ? 'reject' : verdict === 1 ? 'ignore' : 'accept',
    )
    const c = await nodes.open({ bootstrap: [b.address] })
    await until(() => areJoined(a, b) && areJoined(b, c), 'they stand in a line')
    // Meshes form in their own time, and what is passed on before that is lost to the next peer.
    for (let i = 0; c.received.length === 0; i++) {
      await a.network.publish('vote', 0, bytes(2, 0, i))
      await until(() => b.received.length > i, 'the next peer has it')
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const verdict of [0, 1, 2]) await a.network.publish('vote', 0, bytes(verdict, 5))
    await until(() => c.received.some(({ bytes: data }) => data[1] === 5), 'it is passed on')
    assert.ok(c.received.every(({ bytes: [verdict] }) => verdict === 2))
    assert.ok(b.received.some(({ bytes: [verdict] }) => verdict === 0))
  })

  it('makes a rejected message cost its sender score, and an ignored one nothing', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] }, ({ bytes: [verdict] }) =>
      verdict === 0 ? 'reject' : 'ignore',
    )
    await until(() => areJoined(a, b), 'joined')
    for (let i = 0; i < 5; i++) await a.network.publish('vote', 0, bytes(1, i))
    await until(() => b.received.length === 5, 'the ignored ones arrived')
    assert.ok(scoreOf(b, a) >= 0, `ignored: ${scoreOf(b, a)}`)
    for (let i = 0; i < 5; i++) await a.network.publish('vote', 0, bytes(0, i))
    await until(() => scoreOf(b, a) < -80, 'five rejected ones silence the sender')
    assert.ok(scoreOf(a, b) >= 0, 'and not the one that judged them')
  })

  it('refuses to publish what is above the bound of its topic', async () => {
    const a = await nodes.open()
    await assert.rejects(a.network.publish('vote', 0, new Uint8Array(257)), /257 bytes/)
  })

  it('counts an exception of the handler, and lets no peer pay for it', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] }, () => {
      throw new Error('a bug of ours')
    })
    await until(() => areJoined(a, b), 'joined')
    await a.network.publish('vote', 0, bytes(1))
    await until(() => b.counters.get(dropCounter, 'handler-error') === 1, 'it is counted')
    assert.equal(b.counters.get(messageCounter, 'vote-ignore'), 1)
    assert.ok(scoreOf(b, a) >= 0)
  })

  it('publishes to nobody without complaint, and the same content only once', async () => {
    const a = await nodes.open()
    assert.equal(await a.network.publish('vote', 0, bytes(1)), 0)
    assert.equal(await a.network.publish('vote', 0, bytes(1)), 0)
  })

  it('sends again over direct streams what gossip holds for seen', async () => {
    const a = await nodes.open()
    const b = await nodes.open({ bootstrap: [a.address] }, ({ via }) =>
      via === 'direct' ? 'accept' : 'ignore',
    )
    await until(() => areJoined(a, b), 'joined')
    await a.network.publish('attestation', 1, bytes(4, 4))
    await until(() => b.received.length === 1, 'gossip brought it')
    assert.equal(await a.network.publish('attestation', 1, bytes(4, 4)), 0)
    a.network.sendDirect([
      { topic: 'attestation', bytes: bytes(4, 4) },
      { topic: 'vote', bytes: bytes(6) },
    ])
    await until(() => b.received.length === 3, 'direct brought it again')
    assert.deepEqual(
      b.received.map(({ topic, shard, via, from }) => [topic, shard, via, from]),
      [
        ['attestation', 1, 'gossip', a.network.peerId],
        ['attestation', undefined, 'direct', a.network.peerId],
        ['vote', undefined, 'direct', a.network.peerId],
      ],
    )
  })
})
