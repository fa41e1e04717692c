import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult, Reached } from '../../src/kind.ts'
import { ethBeaconKind } from '../../src/kinds/eth-beacon.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { assertReached } from '../assert-reached.ts'
import { readRecording, type Replies, startRecorded } from '../recorded-server.ts'

const recording = readRecording('lodestar')
const SLOT = 508
const SLOT_MS = 2000
const SYNCING = 'GET /eth/v1/node/syncing'
const GENESIS = 'GET /eth/v1/beacon/genesis'
const HEAD = 'GET /eth/v1/beacon/states/head/validators'
const LIVENESS = 'POST /eth/v1/validator/liveness/62 ["0","7"]'
const REWARDS = 'POST /eth/v1/beacon/rewards/attestations/61 ["0","7"]'
const DUTIES = 'GET /eth/v1/validator/duties/proposer/63'

const genesisValidatorsRoot = (readData(GENESIS) as { genesis_validators_root: string })
  .genesis_validators_root
const params = {
  genesisValidatorsRoot,
  slotMs: SLOT_MS,
  slotsPerEpoch: 8,
  validators: ['0', '7', '99'],
}

function readData(key: string): unknown {
  const reply = recording.replies[key]
  assert.ok(reply !== undefined && 'body' in reply, key)
  return (reply.body as { data: unknown }).data
}

function ok(data: unknown): { status: number; body: unknown } {
  return { status: 200, body: { data } }
}

/** Probes what was recorded as if the round began in slot 508, except where `replies` say otherwise. */
async function probe(replies: Replies = {}, over: object = {}): Promise<ProbeResult> {
  const roundStartMs = Date.now()
  const genesisTime = Math.floor((roundStartMs - SLOT * SLOT_MS) / 1000)
  const genesis = { ...(readData(GENESIS) as object), genesis_time: String(genesisTime) }
  const server = await startRecorded({ ...recording.replies, [GENESIS]: ok(genesis), ...replies })
  try {
    const asked = { ...params, url: server.url, ...over }
    return await probeOnce(ethBeaconKind, asked, { roundStartMs })
  } finally {
    await server.close()
  }
}

async function reach(replies: Replies = {}, over: object = {}): Promise<Reached> {
  return assertReached(await probe(replies, over))
}

describe('kind eth-beacon', () => {
  it('reads a node’s head, finality, health and peers, and the roots of its checkpoints', async () => {
    const { signals, identities, reference } = await reach({}, { validators: [] })
    const { latency, ...rest } = signals
    assert.ok(latency !== undefined && latency > 0n)
    assert.deepEqual(rest, {
      'head-slot': 507n,
      'head-lag': 1n,
      'sync-distance': 0n,
      unsynced: 0n,
      optimistic: 0n,
      health: 200n,
      peers: 0n,
      'justified-lag': 1n,
      'finality-lag': 3n,
      finalized: 480n,
    })
    assert.deepEqual(reference, { kind: 'height', value: 480 })
    assert.deepEqual(Object.keys(identities), ['justified-root', 'finalized-root'])
    const { finalized } = readData('GET /eth/v1/beacon/states/head/finality_checkpoints') as {
      finalized: { root: string }
    }
    const root = Buffer.from(identities['finalized-root'] ?? []).toString('hex')
    assert.equal(`0x${root}`, finalized.root)
  })

  it('tells a node that is syncing, and asks it nothing about validators', async () => {
    const state = {
      head_slot: '400',
      sync_distance: '108',
      is_syncing: true,
      is_optimistic: true,
      el_offline: true,
    }
    const { signals } = await reach({
      [SYNCING]: ok(state),
      'GET /eth/v1/node/health': { status: 206 },
    })
    assert.equal(signals['unsynced'], 1n)
    assert.equal(signals['sync-distance'], 108n)
    assert.equal(signals['head-lag'], 108n)
    assert.equal(signals['optimistic'], 1n)
    assert.equal(signals['execution-offline'], 1n)
    assert.equal(signals['health'], 206n)
    assert.equal(signals['active'], undefined)
  })

  it('tells a head that stands still although the node says it is synced', async () => {
    const state = { head_slot: '0', sync_distance: '0', is_syncing: false, is_optimistic: false }
    const { signals } = await reach({ [SYNCING]: ok(state) })
    assert.equal(signals['head-lag'], 508n)
  })

  it('reads status, balance and a missed proposal of validators as they were recorded', async () => {
    const { signals, identities } = await reach()
    assert.equal(signals['active'], 2n)
    assert.equal(signals['slashed'], 0n)
    assert.equal(signals['exiting'], 0n)
    assert.equal(signals['balance-change'], -6_071_574n)
    assert.equal(signals['proposals-due'], 1n)
    assert.equal(signals['proposals-missed'], 1n)
    assert.deepEqual([...(identities['inactive-set'] ?? [])], [0b100])
  })

  it('leaves out what a node does not offer', async () => {
    const { signals, identities } = await reach()
    assert.equal(signals['not-live'], undefined)
    assert.equal(signals['attestations-missed'], undefined)
    assert.equal(identities['missed-set'], undefined)
    const none = await reach({
      [HEAD]: { status: 404 },
      [`${HEAD}?id=0&id=7&id=99`]: { status: 404 },
    })
    assert.equal(none.signals['active'], undefined)
    const later = await reach({ [DUTIES]: { status: 400 } })
    assert.equal(later.signals['proposals-missed'], undefined)
  })

  it('tells who was not live the epoch before, by place', async () => {
    const live = [
      { index: '0', is_live: true },
      { index: '7', is_live: false },
    ]
    const { signals, identities } = await reach({ [LIVENESS]: ok(live) })
    assert.equal(signals['not-live'], 1n)
    assert.deepEqual([...(identities['not-live-set'] ?? [])], [0b010])
  })

  it('tells whose attestation counted neither for source nor for target, by place', async () => {
    const reward = (validator_index: string, source: string, target: string) => ({
      validator_index,
      source,
      target,
      head: '0',
      inactivity: '0',
    })
    const rewards = (list: unknown) => ({
      [REWARDS]: ok({ ideal_rewards: [], total_rewards: list }),
    })
    const missed = await reach(rewards([reward('0', '-500', '-900'), reward('7', '500', '900')]))
    assert.equal(missed.signals['attestations-missed'], 1n)
    assert.deepEqual([...(missed.identities['missed-set'] ?? [])], [0b001])
    // Late for its source, but there in time for its target.
    const late = await reach(rewards([reward('0', '-500', '900'), reward('7', '0', '0')]))
    assert.equal(late.signals['attestations-missed'], 0n)
  })

  it('counts those that are slashed or on their way out', async () => {
    const list = structuredClone(readData(`${HEAD}?id=0&id=7&id=99`)) as {
      status: string
      validator: { slashed: boolean }
    }[]
    const [first, second] = list
    assert.ok(first !== undefined && second !== undefined)
    first.status = 'active_slashed'
    first.validator.slashed = true
    second.status = 'exited_unslashed'
    const { signals } = await reach({ [`${HEAD}?id=0&id=7&id=99`]: ok(list) })
    assert.equal(signals['slashed'], 1n)
    assert.equal(signals['exiting'], 2n)
    assert.equal(signals['active'], 1n)
  })

  it('counts a proposal that is on the chain as made, and leaves one that it may yet make', async () => {
    const header = ok({ root: `0x${'00'.repeat(32)}`, canonical: true, header: {} })
    const made = await reach({ 'GET /eth/v1/beacon/headers/505': header })
    assert.equal(made.signals['proposals-missed'], 0n)
    const orphan = ok({ root: `0x${'00'.repeat(32)}`, canonical: false, header: {} })
    const reorganized = await reach({ 'GET /eth/v1/beacon/headers/505': orphan })
    assert.equal(reorganized.signals['proposals-missed'], 1n)
    const duty = (slot: number) => ({ pubkey: '0x', validator_index: '0', slot: String(slot) })
    const soon = await reach({ [DUTIES]: ok([duty(507), duty(508)]) })
    assert.equal(soon.signals['proposals-due'], 0n)
    const due = await reach({ [DUTIES]: ok([duty(506)]) })
    assert.equal(due.signals['proposals-due'], 1n)
    assert.equal(due.signals['proposals-missed'], 1n)
  })

  it('says wrong-chain of another chain’s node', async () => {
    const other = { genesisValidatorsRoot: `0x${'00'.repeat(32)}` }
    assert.equal(getEnding(await probe({}, other)), 'wrong-chain')
  })

  it('says status of a node that refuses what every node must answer', async () => {
    assert.equal(getEnding(await probe({ [SYNCING]: { status: 500 } })), 'status')
    assert.equal(getEnding(await probe({ [SYNCING]: { status: 403 } })), 'auth')
  })

  it('says protocol of what is no answer of the Beacon API', async () => {
    const duty = `GET /eth/v1/beacon/headers/505`
    const keys = [...Object.keys(recording.replies), LIVENESS, REWARDS, duty]
    for (const key of keys.filter((each) => each !== 'GET /eth/v1/node/health')) {
      for (const data of [undefined, null, 'x', [{}], [7]]) {
        const ending = getEnding(await probe({ [key]: ok(data) }))
        assert.equal(ending, 'protocol', `${key} ${JSON.stringify(data)}`)
      }
    }
  })

  it('appends its paths to the URL’s own, with the URL’s query', async () => {
    const replies = Object.entries(recording.replies).map(([key, reply]) => {
      const [method, path] = key.split(' /')
      const query = path?.includes('?') === true ? '&key=1' : '?key=1'
      return [`${method} /base/${path}${query}`, reply] as const
    })
    const server = await startRecorded(Object.fromEntries(replies))
    const url = `${server.url}base/?key=1`
    const result = await probeOnce(ethBeaconKind, { ...params, url })
    await server.close()
    assert.equal(assertReached(result).signals['active'], 2n)
  })

  it('bounds its default thresholds for many validators to what a policy holds', () => {
    const validators = Array.from({ length: 40 }, (_value, index) => String(index))
    const draft = { id: 'beacon', kind: 'eth-beacon', group: 'main', timeoutMs: 1000 }
    const target = expandTarget(
      { ...draft, params: { url: 'http://127.0.0.1/', genesisValidatorsRoot, validators } },
      makeRegistry([ethBeaconKind]),
    )
    assert.ok(target.ok)
    const { thresholds } = target.target.policy
    assert.ok(thresholds.length <= 16)
    assert.equal(thresholds.find(({ signal }) => signal === 'active')?.below, 40)
    assert.equal(thresholds.find(({ signal }) => signal === 'attestations-missed')?.above, 4)
  })
})
