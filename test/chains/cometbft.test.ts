import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Reached } from '@watchfire/probes'
import { ask, askUntil } from './ask.ts'
import {
  BLOCK_MS,
  type CometNetwork,
  type CometNode,
  makeCometNetwork,
} from './servers/cometbft.ts'
import { stopServers } from './servers/lifetime.ts'

const WINDOW = 4
/** From when twins sign until a block has the evidence, in which it has been seen to take 17 s. */
const EVIDENCE_MS = 45_000

describe('kind cometbft, with a network of four validators', () => {
  let network: CometNetwork

  const target = (at: CometNode, over: object = {}) =>
    ['cometbft', { url: at.url, chainId: network.chainId, blockMs: BLOCK_MS, ...over }] as const
  const watch = (validators: readonly CometNode[]) => ({
    window: WINDOW,
    validators: validators.map(({ address }) => address),
  })
  /** Hashes at the end of the same window, of nodes that are asked one after the other. */
  const readHashes = async (...nodes: readonly CometNode[]) => {
    // The window may move on meanwhile; then they are asked again.
    for (;;) {
      const read: Reached[] = []
      for (const each of nodes) {
        const isThere = ({ reference, signals }: Reached) =>
          reference !== undefined && signals['catching-up'] === 0n
        read.push(await askUntil('a window', 30_000, target(each, { window: 20 }), isThere))
      }
      if (new Set(read.map(({ reference }) => reference?.value)).size > 1) continue
      return read.map(({ identities }) =>
        Buffer.from(identities['block-hash'] ?? []).toString('hex'),
      )
    }
  }
  const node = (at: number): CometNode => {
    const found = network.validators[at]
    assert.ok(found, `node ${at}`)
    return found
  }

  before(async () => {
    network = await makeCometNetwork()
    for (const each of network.validators) each.start()
    network.follower.start()
  })
  after(stopServers)

  it('reads a network that makes blocks, signed by everybody', async () => {
    const { signals, identities } = await askUntil(
      'a whole window that all have signed',
      60_000,
      target(node(0), watch(network.validators)),
      ({ signals: read }) => read['missed'] === 0n && read['round'] === 0n,
    )
    assert.equal(signals['catching-up'], 0n)
    assert.equal(signals['peers'], 4n)
    assert.equal(signals['active'], 4n)
    assert.equal(signals['voting-power'], 4n)
    assert.equal(signals['evidence'], 0n)
    assert.equal(signals['power-absent'], 0n)
    assert.ok(Number(signals['head-age']) < 10_000)
    assert.deepEqual([...(identities['missed-set'] ?? [])], [0])
  })

  it('reads the same hash of a window at every node', async () => {
    const [one, other] = await readHashes(node(0), network.follower)
    assert.equal(one, other)
  })

  it('says wrong-chain where another chain is expected', async () => {
    const result = await ask(...target(node(0), { chainId: 'cosmoshub-4' }))
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'wrong-chain')
  })

  it('counts what a stopped validator misses, names it, and sees that it is alone', async () => {
    await node(3).stop()
    const { signals, identities } = await askUntil(
      'a window without its signatures',
      60_000,
      target(node(0), watch(network.validators)),
      ({ signals: read }) => read['missed'] === BigInt(WINDOW),
    )
    assert.equal(signals['missed-worst'], BigInt(WINDOW))
    assert.equal(signals['missed-alone'], BigInt(WINDOW))
    assert.equal(signals['power-absent'], 250n)
    assert.equal(signals['active'], 4n)
    assert.deepEqual([...(identities['missed-set'] ?? [])], [0b1000])
    const gone = await ask(...target(node(3)))
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
  })

  it('sees it sign again once it is back', async () => {
    node(3).start()
    await askUntil(
      'a window that all have signed',
      60_000,
      target(node(0), watch([node(3)])),
      ({ signals }) => signals['missed'] === 0n,
    )
  })

  it('sees block production stop with two of four, by the head’s age and the round', async () => {
    await Promise.all([node(2).stop(), node(3).stop()])
    const before = await ask(...target(node(0)))
    assert.ok(before.status === 'reached')
    const { signals } = await askUntil(
      'a head that ages and rounds that fail',
      60_000,
      target(node(0)),
      ({ signals: read }) => Number(read['head-age']) > 8000,
    )
    const { height } = before.signals
    assert.ok(height !== undefined)
    assert.ok(Number(signals['height']) <= Number(height) + 1)
    assert.equal(signals['peers'], 2n)
    node(2).start()
    node(3).start()
    await askUntil(
      'blocks again',
      60_000,
      target(node(0)),
      ({ signals: read }) => Number(read['height']) > Number(height) + 1,
    )
  })

  it('sees a node that is cut off from its peers fall behind, and catch up again', async () => {
    await network.follower.stop()
    network.follower.start([])
    const { signals } = await askUntil(
      'a follower without peers',
      30_000,
      target(network.follower),
      ({ signals: read }) => read['peers'] === 0n && Number(read['head-age']) > 5000,
    )
    const ahead = await ask(...target(node(1)))
    assert.ok(ahead.status === 'reached')
    assert.ok(Number(ahead.signals['height']) > Number(signals['height']))
    assert.equal(signals['catching-up'], 1n)
    await network.follower.stop()
    network.follower.start()
    await askUntil(
      'the follower at the head',
      60_000,
      target(network.follower),
      ({ signals: read }) => read['catching-up'] === 0n && Number(read['head-age']) < 5000,
    )
  })

  it('says timeout of a node that is frozen, while the others make blocks without it', async () => {
    node(3).freeze()
    const frozen = await ask(...target(node(3)))
    assert.ok(frozen.status === 'failed')
    assert.equal(frozen.outcome, 'timeout')
    const { signals } = await askUntil(
      'a window without its signatures',
      60_000,
      target(node(0), watch([node(3)])),
      ({ signals: read }) => read['missed'] === BigInt(WINDOW),
    )
    assert.ok(Number(signals['head-age']) < 10_000)
    node(3).thaw()
    await askUntil(
      'its signatures again',
      60_000,
      target(node(3), watch([node(3)])),
      ({ signals: read }) => read['missed'] === 0n && read['catching-up'] === 0n,
    )
  })

  it('tells a node on a fork by the hash of a window, until it is back', async () => {
    const { follower, validators } = network
    await Promise.all([follower, ...validators].map((each) => each.stop()))
    const others = await network.copyQuorum()
    for (const each of [...validators, ...others]) each.start()
    // It asks for blocks where validators sign twice what they decide.
    follower.start(others)
    const isAtHead = ({ signals }: Reached) =>
      Number(signals['head-age']) < 5000 && signals['catching-up'] === 0n
    const read = () => askUntil('the head', 60_000, target(follower), isAtHead)
    await read()
    const endMs = performance.now() + 60_000
    let hashes = await readHashes(node(0), follower)
    while (hashes[0] === hashes[1] && performance.now() < endMs) {
      hashes = await readHashes(node(0), follower)
    }
    assert.notEqual(hashes[0], hashes[1])
    // Nothing else tells them apart: both are synced, fresh and of one chain by its name.
    const [ours, theirs] = [await ask(...target(node(0))), await read()]
    assert.ok(ours.status === 'reached' && isAtHead(ours))
    assert.equal(theirs.signals['peers'], BigInt(others.length))
    await follower.stop()
    follower.reset()
    follower.start()
    await read()
    const [again, back] = await readHashes(node(0), follower)
    assert.equal(again, back)
  })

  it('sees that a validator signs twice: evidence on the chain, which is against it alone', async () => {
    await node(3).stop()
    const twin = await network.makeTwin(node(3))
    node(3).start()
    const honest = network.validators.slice(0, 3)
    twin.start(honest)
    const guilty = watch([node(3)])
    // Where the twins meet, now one and now all of the honest stand still (CometBFT's doing), until they
    // are started again.
    const findWitness = async (tries: number): Promise<readonly [CometNode, Reached]> => {
      const endMs = performance.now() + EVIDENCE_MS
      while (performance.now() < endMs) {
        for (const each of honest) {
          const read = await ask(...target(each, { ...guilty, window: 20 }))
          if (read.status === 'reached' && Number(read.signals['evidence']) > 0) return [each, read]
        }
        await delay(200)
      }
      assert.ok(tries > 1, 'no evidence on the chain')
      for (const each of [...honest, node(3), twin]) await each.stop()
      for (const each of [...honest, node(3)]) each.start()
      twin.start(honest)
      return findWitness(tries - 1)
    }
    const [witness, { signals }] = await findWitness(5)
    assert.ok(Number(signals['accusations']) > 0)
    const others = { ...watch(network.validators.slice(0, 3)), window: 20 }
    const { signals: innocent } = await askUntil(
      'an answer',
      10_000,
      target(witness, others),
      () => true,
    )
    assert.ok(Number(innocent['evidence']) > 0)
    assert.equal(innocent['accusations'], 0n)
    // The application takes the vote of who does so.
    await askUntil(
      'a validator that is none any more',
      60_000,
      target(witness, guilty),
      ({ signals: read }) => read['active'] === 0n && read['voting-power'] === 0n,
    )
  })
})
