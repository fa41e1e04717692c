import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult, Reached } from '../../src/kind.ts'
import { getSlotRange, solanaKind } from '../../src/kinds/solana.ts'
import { assertReached } from '../assert-reached.ts'
import { readRecording, type Replies, startRecorded } from '../recorded-server.ts'

const recording = readRecording('solana')
const VOTE = '3ZT31jkAGhUaw8jsy4bTknwBMP8i4Eueh52By4zXcsVw'
const NODE = 'B97CCUW3AEZFGy6uUg6zUdnNYvnVq5VG8PUtb2HayTDD'
const OTHER = '85iYT5RuzRTDgjyRa3cP8SYhM2j21fj7NhfJ3peu1DPr'
const params = { genesisHash: 'GH7ome3EiwEr7tu9JuTh2dpYWBJK3z69Xm1ZE3MEE6JC', window: 400 }

async function probe(
  replies: Replies = {},
  over: object = {},
  asked: (questions: readonly string[]) => void = () => {},
): Promise<ProbeResult> {
  const server = await startRecorded({ ...recording.replies, ...replies })
  try {
    return await probeOnce(solanaKind, { ...params, url: server.url, ...over })
  } finally {
    asked(server.asked)
    await server.close()
  }
}

async function reach(replies: Replies = {}, over: object = {}): Promise<Reached> {
  return assertReached(await probe(replies, over))
}

/** A vote account of epoch 27, at slot 166598. */
function account(over: object = {}): Record<string, unknown> {
  return {
    votePubkey: VOTE,
    nodePubkey: NODE,
    activatedStake: 42,
    commission: 0,
    epochVoteAccount: true,
    epochCredits: [
      [26, 100_000, 50_000],
      [27, 140_000, 100_000],
    ],
    lastVote: 166_596,
    rootSlot: 166_560,
    ...over,
  }
}

function accounts(current: readonly unknown[], delinquent: readonly unknown[] = []): Replies {
  return { getVoteAccounts: { result: { current, delinquent } } }
}

describe('kind solana', () => {
  it('reads what the documentation shows of a node', async () => {
    const { signals, reference } = await reach()
    assert.equal(signals['slot'], 166_598n)
    assert.equal(signals['unhealthy'], 0n)
    assert.equal(signals['slots-behind'], 0n)
    assert.equal(signals['skip-rate'], 0n)
    assert.deepEqual(reference, { kind: 'height', value: 166_207 })
  })

  it('reads what the documentation shows of a vote account, which is long out of date', async () => {
    const { signals, identities } = await reach({}, { voteAccounts: [VOTE] })
    assert.equal(signals['delinquent'], 0n)
    assert.equal(signals['vote-distance'], 166_451n)
    assert.equal(signals['root-distance'], undefined)
    assert.equal(signals['credits'], 0n)
    assert.deepEqual([...(identities['delinquent-set'] ?? [])], [0])
  })

  it('tells how far behind an unhealthy node says it is', async () => {
    const behind = {
      error: {
        code: -32_005,
        message: 'Node is behind by 42 slots',
        data: { numSlotsBehind: 42 },
      },
    }
    const { signals } = await reach({ 'getHealth []': behind })
    assert.equal(signals['unhealthy'], 1n)
    assert.equal(signals['slots-behind'], 42n)
    const generic = { error: { code: -32_005, message: 'Node is unhealthy', data: {} } }
    const unknown = await reach({ 'getHealth []': generic })
    assert.equal(unknown.signals['unhealthy'], 1n)
    assert.equal(unknown.signals['slots-behind'], undefined)
  })

  it('takes the worst of the watched accounts, and names those that are delinquent', async () => {
    const late = account({
      votePubkey: OTHER,
      nodePubkey: OTHER,
      lastVote: 166_400,
      rootSlot: 166_300,
    })
    const unknown = '1'.repeat(32)
    const { signals, identities } = await reach(
      {
        ...accounts([account()], [late]),
        getBlockProduction: { result: { value: { byIdentity: { [NODE]: [40, 38] } } } },
      },
      { voteAccounts: [VOTE, OTHER, unknown] },
    )
    assert.equal(signals['delinquent'], 2n)
    assert.equal(signals['vote-distance'], 198n)
    assert.equal(signals['root-distance'], 298n)
    assert.equal(signals['credits'], 40_000n)
    assert.equal(signals['credits-share'], 896n)
    assert.equal(signals['slots-due'], 80n)
    assert.equal(signals['slots-skipped'], 4n)
    assert.deepEqual([...(identities['delinquent-set'] ?? [])], [0b110])
  })

  it('asks for each watched account by its key, and for slots of whole windows', async () => {
    const over = { voteAccounts: [VOTE] }
    await probe({}, over, (asked) => {
      assert.ok(asked.some((each) => each.startsWith('getVoteAccounts') && each.includes(VOTE)))
      const range = '"range":{"firstSlot":165808,"lastSlot":166207}'
      assert.ok(asked.some((each) => each.startsWith('getBlockProduction') && each.includes(range)))
      assert.ok(asked.some((each) => each.startsWith('getBlockProduction') && each.includes(NODE)))
    })
  })

  it('counts the slots that the cluster skipped', async () => {
    const byIdentity = { [NODE]: [200, 150], [OTHER]: [200, 190] }
    const { signals } = await reach({ getBlockProduction: { result: { value: { byIdentity } } } })
    assert.equal(signals['skip-rate'], 150n)
  })

  it('says wrong-chain of another cluster’s node', async () => {
    assert.equal(getEnding(await probe({}, { genesisHash: OTHER })), 'wrong-chain')
  })

  it('says protocol of what is no answer of Solana’s', async () => {
    for (const key of Object.keys(recording.replies)) {
      for (const result of [null, {}, [], 7, { value: { byIdentity: { [NODE]: [1, 2] } } }]) {
        const ending = getEnding(await probe({ [key]: { result } }, { voteAccounts: [VOTE] }))
        assert.equal(ending, 'protocol', `${key} ${JSON.stringify(result)}`)
      }
    }
    const odd = accounts([account({ epochCredits: [[1, 'x', 0]] })])
    assert.equal(getEnding(await probe(odd, { voteAccounts: [VOTE] })), 'protocol')
  })

  it('counts slots of whole windows of the epoch, below what is not settled', () => {
    const at = (slotIndex: number) => getSlotRange({ slot: 1000 + slotIndex, slotIndex }, 100)
    assert.equal(at(130), undefined)
    assert.deepEqual(at(131), { firstSlot: 1000, lastSlot: 1099 })
    assert.deepEqual(at(230), { firstSlot: 1000, lastSlot: 1099 })
    assert.deepEqual(at(231), { firstSlot: 1100, lastSlot: 1199 })
  })
})
