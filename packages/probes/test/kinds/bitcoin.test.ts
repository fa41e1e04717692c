import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult, Reached } from '../../src/kind.ts'
import { bitcoinKind } from '../../src/kinds/bitcoin.ts'
import { assertReached } from '../assert-reached.ts'
import { readRecording, type Replies, startRecorded } from '../recorded-server.ts'

const recording = readRecording('btcd')
const INFO = 'getblockchaininfo []'
const HASH = '61c03dd798657779fe2d26bd113e8e447bfb99c4eccfd67943aaed2520f2dab0'

/** What Bitcoin Core says in place of this, by the example in its documentation. */
const core = {
  chain: 'main',
  blocks: 933_586,
  headers: 933_586,
  bestblockhash: '00000000000000000000b286a4d4ac73f6ad82e54d9ccf6d2d71c492ceeb4930',
  bits: '1701fca1',
  difficulty: 141_668_107_417_558.2,
  time: 1_769_215_475,
  mediantime: 1_769_212_489,
  verificationprogress: 0.999_998_792_513_832_3,
  initialblockdownload: false,
  pruned: false,
  warnings: '',
}

async function probe(replies: Replies = {}, over: object = {}): Promise<ProbeResult> {
  const server = await startRecorded({ ...recording.replies, ...replies })
  try {
    const params = { url: server.url, chain: 'regtest', ...over }
    return await probeOnce(bitcoinKind, params, { roundStartMs: Date.now() })
  } finally {
    await server.close()
  }
}

async function reach(replies: Replies = {}, over: object = {}): Promise<Reached> {
  return assertReached(await probe(replies, over))
}

function coreReplies(over: object = {}): Replies {
  return {
    [INFO]: { result: { ...core, ...over } },
    getblockheader: { result: { time: core.time } },
    'getblockhash [933582]': { result: HASH },
    'getconnectioncount []': { result: 10 },
  }
}

describe('kind bitcoin', () => {
  it('reads height, tip age and peers of btcd, which says nothing of its progress', async () => {
    const before = Date.now()
    const { signals, identities, reference } = await reach()
    assert.equal(signals['height'], 2n)
    assert.equal(signals['header-lag'], 0n)
    assert.equal(signals['peers'], 0n)
    assert.ok(Number(signals['tip-age']) >= before - 1_795_673_530_000)
    assert.equal(signals['verification'], undefined)
    assert.deepEqual(reference, { kind: 'height', value: 0 })
    assert.equal(identities['block-hash']?.length, 32)
  })

  it('reads progress and download of Bitcoin Core, in millionths and as a flag', async () => {
    const { signals, reference } = await reach(coreReplies(), { chain: 'main' })
    assert.equal(signals['verification'], 999_998n)
    assert.equal(signals['initial-download'], 0n)
    assert.deepEqual(reference, { kind: 'height', value: 933_582 })
  })

  it('tells a node that fetches the chain, by headers, progress and flag', async () => {
    const state = { headers: 933_686, verificationprogress: 0.5, initialblockdownload: true }
    const { signals } = await reach(coreReplies(state), { chain: 'main' })
    assert.equal(signals['header-lag'], 100n)
    assert.equal(signals['verification'], 500_000n)
    assert.equal(signals['initial-download'], 1n)
  })

  it('does without peers where a provider does not tell them', async () => {
    const unknown = { error: { code: -32_601, message: 'Method not found' } }
    const { signals } = await reach({ 'getconnectioncount []': unknown })
    assert.equal(signals['peers'], undefined)
  })

  it('says wrong-chain of another chain’s node', async () => {
    assert.equal(getEnding(await probe({}, { chain: 'main' })), 'wrong-chain')
  })

  it('says syncing of one that still reads what it kept, which it tells with status 500', async () => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const error = { code: -28, message: 'Loading block index…' }
        response.statusCode = 500
        response.end(JSON.stringify({ result: null, error, id: 1 }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const result = await probeOnce(bitcoinKind, {
      url: `http://127.0.0.1:${port}/`,
      chain: 'main',
    })
    server.close()
    server.closeAllConnections()
    assert.equal(getEnding(result), 'syncing')
  })

  it('says protocol of what is no answer of Bitcoin’s', async () => {
    for (const key of Object.keys(recording.replies)) {
      for (const result of [null, {}, [], 'x', -1]) {
        const ending = getEnding(await probe({ [key]: { result } }))
        assert.equal(ending, 'protocol', `${key} ${JSON.stringify(result)}`)
      }
    }
  })
})
