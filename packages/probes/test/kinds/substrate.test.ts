import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult, Reached } from '../../src/kind.ts'
import { substrateKind } from '../../src/kinds/substrate.ts'
import { assertReached } from '../assert-reached.ts'
import { readRecording, type Replies, startRecorded } from '../recorded-server.ts'

const recording = readRecording('gossamer')
const genesisHash = '0x276bfa91f70859348285599321ea96afd3ae681f0be47d36196bac8075ea32e8'
const NOW = 'state_getStorage'

async function probe(replies: Replies = {}, over: object = {}): Promise<ProbeResult> {
  const server = await startRecorded({ ...recording.replies, ...replies })
  try {
    const params = { url: server.url.replace('http:', 'ws:'), genesisHash, ...over }
    return await probeOnce(substrateKind, params, { roundStartMs: Date.now() })
  } finally {
    await server.close()
  }
}

async function reach(replies: Replies = {}, over: object = {}): Promise<Reached> {
  return assertReached(await probe(replies, over))
}

/** Replies under the keys that are recorded, by the method they begin with. */
function replace(method: string, result: unknown): Replies {
  const keys = Object.keys(recording.replies).filter((key) => key.startsWith(`${method} `))
  assert.ok(keys.length > 0, method)
  return Object.fromEntries(keys.map((key) => [key, { result }]))
}

describe('kind substrate', () => {
  it('reads a node over a WebSocket, as it was recorded', async () => {
    const { signals, identities, reference } = await reach()
    assert.equal(signals['peers'], 0n)
    assert.equal(signals['lonely'], 0n)
    assert.equal(signals['major-sync'], 0n)
    assert.equal(signals['sync-lag'], 0n)
    assert.equal(signals['best'], 7n)
    assert.equal(signals['finalized'], 0n)
    assert.equal(signals['finality-lag'], 7n)
    assert.deepEqual(reference, { kind: 'height', value: 0 })
    assert.equal(Buffer.from(identities['block-hash'] ?? []).toString('hex'), genesisHash.slice(2))
  })

  it('measures the best block’s age by the time in its state', async () => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(Date.now() - 9000))
    const { signals } = await reach(replace(NOW, `0x${bytes.toString('hex')}`))
    const age = Number(signals['head-age'])
    assert.ok(age >= 9000 && age < 15_000, String(age))
  })

  it('reads health as nodes of the Polkadot SDK write it', async () => {
    const health = { peers: 42, isSyncing: true, shouldHavePeers: true }
    const { signals } = await reach(replace('system_health', health))
    assert.equal(signals['peers'], 42n)
    assert.equal(signals['major-sync'], 1n)
    assert.equal(signals['lonely'], 0n)
  })

  it('tells a node that has no peers and should', async () => {
    const health = { peers: 0, isSyncing: false, shouldHavePeers: true }
    assert.equal((await reach(replace('system_health', health))).signals['lonely'], 1n)
  })

  it('tells how far a node is from what it has heard of', async () => {
    const state = { startingBlock: 0, currentBlock: 100, highestBlock: 350 }
    assert.equal((await reach(replace('system_syncState', state))).signals['sync-lag'], 250n)
  })

  it('does without calls that a node does not offer, and without a time that a chain lacks', async () => {
    const unknown = { error: { code: -32_601, message: 'Method not found' } }
    const { signals } = await reach({
      'system_syncState []': unknown,
      ...replace(NOW, null),
    })
    assert.equal(signals['sync-lag'], undefined)
    assert.equal(signals['head-age'], undefined)
  })

  it('reads a node that has the first block alone, which has no time: null, or nothing of Gossamer', async () => {
    for (const none of [null, '']) {
      const { signals } = await reach(replace(NOW, none))
      assert.equal(signals['head-age'], undefined)
    }
  })

  it('compares the hash of a finalized block at a multiple of the step', async () => {
    const head = `0x${'11'.repeat(32)}`
    const settled = `0x${'22'.repeat(32)}`
    const { reference, identities, signals } = await reach({
      ...replace('chain_getFinalizedHead', head),
      [`chain_getHeader ["${head}"]`]: { result: { number: '0x25' } },
      'chain_getHeader []': { result: { number: '0x28' } },
      'chain_getBlockHash [32]': { result: settled },
    })
    assert.equal(signals['finality-lag'], 3n)
    assert.deepEqual(reference, { kind: 'height', value: 32 })
    assert.equal(Buffer.from(identities['block-hash'] ?? []).toString('hex'), '22'.repeat(32))
  })

  it('says wrong-chain of another chain’s node, and content of one that lacks its own block', async () => {
    const other = `0x${'00'.repeat(32)}`
    assert.equal(getEnding(await probe({}, { genesisHash: other })), 'wrong-chain')
    const missing = `chain_getHeader ["${genesisHash}"]`
    assert.equal(getEnding(await probe({ [missing]: { result: null } })), 'content')
  })

  it('asks about no block but by a hash: what nests too deep to be asked with would throw', async () => {
    const replies = replace('chain_getFinalizedHead', [[[]]])
    const server = await startRecorded({ ...recording.replies, ...replies })
    try {
      const params = { url: server.url, genesisHash }
      const result = await probeOnce(substrateKind, params, { roundStartMs: Date.now() })
      assert.equal(getEnding(result), 'protocol')
      const asked = server.asked.filter((question) => question.startsWith('chain_getHeader'))
      assert.deepEqual(asked, ['chain_getHeader []'])
    } finally {
      await server.close()
    }
  })

  it('says protocol of what is no answer of Substrate’s', async () => {
    for (const key of Object.keys(recording.replies)) {
      for (const result of [{}, [], 'x', 7.5]) {
        const ending = getEnding(await probe({ [key]: { result } }))
        assert.equal(ending, 'protocol', `${key} ${JSON.stringify(result)}`)
      }
    }
  })
})
