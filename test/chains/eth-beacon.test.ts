import assert from 'node:assert/strict'
import type { Reached } from '@watchfire/probes'
import { ask, askReached, askUntil } from './ask.ts'
import { stopServers } from './servers/lifetime.ts'
import {
  getLodestar,
  type Lodestar,
  SLOT_MS,
  SLOTS_PER_EPOCH,
  startLodestar,
} from './servers/lodestar.ts'

/** Seconds from the start of the nodes to the chain's: so long does it take them on a busy machine. */
const GENESIS_DELAY = 60
const EPOCH_MS = SLOT_MS * SLOTS_PER_EPOCH

describe('kind eth-beacon, with Lodestar', () => {
  let most: Lodestar
  let few: Lodestar
  let watcher: Lodestar
  /** Knows nobody, and makes a chain of its own with the keys of all validators. */
  let apart: Lodestar
  let genesisValidatorsRoot: string

  const target = (node: Lodestar, over: object = {}) => {
    const chain = { genesisValidatorsRoot, slotMs: SLOT_MS, slotsPerEpoch: SLOTS_PER_EPOCH }
    return ['eth-beacon', { url: node.url, ...chain, ...over }] as const
  }

  /** Finalized roots of one epoch, of nodes that are asked one after the other. */
  const readRoots = async (...nodes: readonly [Lodestar, Lodestar]) => {
    const isFinal = ({ signals, reference }: Reached) =>
      reference !== undefined && reference.value > 0 && Number(signals['finality-lag']) <= 3
    const read = (node: Lodestar) => askUntil('finality', 8 * EPOCH_MS, target(node), isFinal)
    // An epoch may end meanwhile; then they are asked again.
    for (;;) {
      const [one, other] = [await read(nodes[0]), await read(nodes[1])]
      if (one.reference?.value !== other.reference?.value) continue
      return [one, other].map(({ identities }) =>
        Buffer.from(identities['finalized-root'] ?? []).toString('hex'),
      )
    }
  }

  /** Two blocks of one slot, by one of these validators. */
  const findTwice = async (validators: readonly string[]) => {
    // Who proposes in the first two epochs was settled before there were two sides.
    for (let slot = 1; slot < 2 * SLOTS_PER_EPOCH; slot++) {
      const [one, other] = [await most.getHeader(slot), await apart.getHeader(slot)]
      if (one === undefined || other === undefined) continue
      assert.equal(one.message.proposer_index, other.message.proposer_index)
      if (validators.includes(one.message.proposer_index)) return [one, other] as const
    }
    throw new Error(`no two blocks of ${validators.join(', ')}`)
  }

  before(async () => {
    // Installing it may take longer than the chain waits.
    getLodestar()
    const genesisTime = Math.floor(Date.now() / 1000) + GENESIS_DELAY
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
    genesisValidatorsRoot = data.genesis_validators_root
  })
  after(stopServers)

  it('reads a node at the head, with its peers', async () => {
    const { signals } = await askUntil(
      'the third slot',
      120_000,
      target(watcher),
      ({ signals: read }) => Number(read['head-slot']) >= 3 && Number(read['head-lag']) <= 1,
    )
    assert.equal(signals['unsynced'], 0n)
    assert.equal(signals['optimistic'], 0n)
    assert.equal(signals['health'], 200n)
    assert.ok(Number(signals['peers']) >= 1)
  })

  it('says wrong-chain where another chain is expected', async () => {
    const other = { genesisValidatorsRoot: `0x${'11'.repeat(32)}` }
    const result = await ask(...target(watcher, other))
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'wrong-chain')
  })

  it('sees finality, and the same checkpoints at two nodes', async () => {
    const [one, other] = await readRoots(watcher, most)
    assert.equal(one, other)
  })

  it('reads validators by index and by key: active, earning, proposing', async () => {
    const states = await fetch(`${most.url}eth/v1/beacon/states/head/validators?id=7`)
    const { data } = (await states.json()) as { data: { validator: { pubkey: string } }[] }
    const key = data[0]?.validator.pubkey
    assert.ok(key !== undefined)
    const validators = ['0', '1', '2', '3', '4', '5', '6', key]
    const { signals, identities } = await askUntil(
      'an epoch in which all earned and proposed',
      6 * EPOCH_MS,
      target(watcher, { validators }),
      ({ signals: read }) =>
        Number(read['balance-change']) > 0 &&
        Number(read['proposals-due']) > 0 &&
        read['proposals-missed'] === 0n,
    )
    assert.equal(signals['active'], 8n)
    assert.equal(signals['slashed'], 0n)
    assert.deepEqual([...(identities['inactive-set'] ?? [])], [0])
    const unknown = await ask(...target(watcher, { validators: ['0', '99'] }))
    assert.ok(unknown.status === 'reached')
    assert.equal(unknown.signals['active'], 1n)
    assert.deepEqual([...(unknown.identities['inactive-set'] ?? [])], [0b10])
  })

  it('tells a node on a fork by its finalized checkpoint', async () => {
    const [one, other] = await readRoots(watcher, apart)
    assert.notEqual(one, other)
    const { signals } = await askReached(...target(apart))
    // Nothing but its peers tells: it is synced, and its chain final.
    assert.equal(signals['unsynced'], 0n)
    assert.ok(Number(signals['head-lag']) <= 1)
    assert.ok(Number(signals['finality-lag']) <= 3)
  })

  it('sees that a validator is slashed which has signed for both sides of the fork', async () => {
    const stopped = ['6', '7']
    const [one, other] = await findTwice(stopped)
    await most.slash(one, other)
    const guilty = one.message.proposer_index
    const innocent = stopped.filter((index) => index !== guilty)
    await askUntil(
      'a slashed validator',
      4 * EPOCH_MS,
      target(watcher, { validators: [guilty] }),
      ({ signals }) => signals['slashed'] === 1n && signals['exiting'] === 1n,
    )
    const { signals } = await askReached(...target(watcher, { validators: innocent }))
    assert.equal(signals['slashed'], 0n)
  })

  it('says timeout of a node that is frozen, and refused of one that is gone', async () => {
    apart.process.freeze()
    const frozen = await ask(...target(apart))
    assert.ok(frozen.status === 'failed')
    assert.equal(frozen.outcome, 'timeout')
    apart.process.thaw()
    await askUntil('an answer', 60_000, target(apart), () => true)
    await apart.stop(true)
    const gone = await ask(...target(apart))
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
  })

  it('sees a node without peers fall behind, and catch up once it has them again', async () => {
    await watcher.disconnect(most)
    const { signals } = await askUntil(
      'a head that lags',
      60_000,
      target(watcher),
      ({ signals: read }) => Number(read['head-lag']) > 4,
    )
    assert.equal(signals['peers'], 0n)
    const ahead = await ask(...target(most))
    assert.ok(ahead.status === 'reached')
    assert.ok(Number(ahead.signals['head-lag']) < 4)
    await watcher.connect(most)
    await askUntil(
      'the head again',
      120_000,
      target(watcher),
      ({ signals: read }) => Number(read['head-lag']) <= 1 && read['unsynced'] === 0n,
    )
  })

  it('sees stopped validators lose balance and miss blocks, while the others earn', async () => {
    await few.stop(true)
    const stopped = { validators: ['6', '7'] }
    await askUntil(
      'a loss',
      6 * EPOCH_MS,
      target(watcher, stopped),
      ({ signals }) => Number(signals['balance-change']) < 0,
    )
    await askUntil(
      'a block that one of them was to make',
      12 * EPOCH_MS,
      target(watcher, stopped),
      ({ signals }) => Number(signals['proposals-missed']) > 0,
    )
    await askUntil(
      'an epoch in which all the others earned',
      12 * EPOCH_MS,
      target(watcher, { validators: ['0', '1', '2', '3', '4', '5'] }),
      ({ signals }) => Number(signals['balance-change']) > 0,
    )
    // Of finality nothing is asked: six of eight are a quorum only while none of them is late.
  })

  it('sees block production stop, although the node says it is synced, and finality with it', async () => {
    await most.stop(true)
    const { signals } = await askUntil(
      'a head that stands still',
      60_000,
      target(watcher),
      ({ signals: read }) => Number(read['head-lag']) > 3,
    )
    assert.equal(signals['sync-distance'], 0n)
    const late = await askUntil(
      'finality that is overdue',
      8 * EPOCH_MS,
      target(watcher),
      ({ signals: read }) => Number(read['finality-lag']) > 4,
    )
    assert.equal(late.signals['peers'], 0n)
  })
})
