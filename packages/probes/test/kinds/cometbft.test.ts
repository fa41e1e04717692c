import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult, Reached } from '../../src/kind.ts'
import { cometbftKind } from '../../src/kinds/cometbft.ts'
import { getWindow } from '../../src/protocols/cometbft/cometbft-window.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { assertReached } from '../assert-reached.ts'
import { readRecording, type Replies, startRecorded } from '../recorded-server.ts'

const recording = readRecording('cometbft')
const CHAIN = 'chain-x8qh92'
/** Signs, and one that is stopped. */
const SIGNER = 'B32395C8807D9FF65A7E7A584DEB316ED4D12622'
const STOPPED = '0C297A9C7B222AAB4C29A256346B28BE4D73C3F4'
const OTHERS = [
  '06D841F2FCF3554FF430C791F248FDC009C9A9D0',
  '30C84AF0AC968456955C20425286789A9ACCBA10',
]
const params = { chainId: CHAIN, window: 4, validators: [SIGNER, STOPPED] }
/** A field of a recorded result. */
function readResult(key: string, field: string): unknown {
  const reply = recording.replies[key]
  assert.ok(reply !== undefined && 'result' in reply, key)
  return (reply.result as Record<string, unknown>)[field]
}

/** A recorded result with other fields in the object at `path`. */
function change(key: string, path: readonly string[], fields: Record<string, unknown>): Replies {
  const reply = structuredClone(recording.replies[key])
  assert.ok(reply !== undefined && 'result' in reply, key)
  let place = reply.result as Record<string, unknown>
  for (const name of path) place = place[name] as Record<string, unknown>
  Object.assign(place, fields)
  return { [key]: reply }
}

/** Probes what was recorded, as if it had been 1.5 s ago, except where `replies` say otherwise. */
async function probe(replies: Replies = {}, over: object = {}): Promise<ProbeResult> {
  const roundStartMs = Date.now()
  const latest_block_time = new Date(roundStartMs - 1500).toISOString()
  const recent = change('status []', ['sync_info'], { latest_block_time })
  const server = await startRecorded({ ...recording.replies, ...recent, ...replies })
  try {
    const asked = { ...params, url: server.url, ...over }
    return await probeOnce(cometbftKind, asked, { roundStartMs })
  } finally {
    await server.close()
  }
}

async function reach(replies: Replies = {}, over: object = {}): Promise<Reached> {
  return assertReached(await probe(replies, over))
}

/** The recorded commits of the window, with only these in them. */
function commitsOf(addresses: readonly string[]): Replies {
  const entries = [837, 838, 839, 840].map((height) => {
    const signatures = addresses.map((address) => ({
      block_id_flag: 2,
      validator_address: address,
    }))
    return change(`commit ["${height}"]`, ['signed_header', 'commit'], { signatures })
  })
  return Object.assign({}, ...entries) as Replies
}

describe('kind cometbft', () => {
  it('reads a node’s height, age, peers and round, and the window’s last hash', async () => {
    const { signals, identities, reference } = await reach({}, { validators: [] })
    const { latency, ...rest } = signals
    assert.ok(latency !== undefined && latency > 0n)
    assert.deepEqual(rest, {
      height: 841n,
      'head-age': 1500n,
      'catching-up': 0n,
      peers: 2n,
      round: 0n,
      'block-interval': rest['block-interval'],
      evidence: 0n,
    })
    assert.equal(Math.trunc(Number(rest['block-interval']) / 1000), 2)
    assert.deepEqual(reference, { kind: 'height', value: 840 })
    assert.equal(identities['block-hash']?.length, 32)
  })

  it('counts the signatures that a stopped validator misses, and names it by its place', async () => {
    const { signals, identities } = await reach()
    assert.equal(signals['active'], 2n)
    assert.equal(signals['voting-power'], 2n)
    assert.equal(signals['missed'], 4n)
    assert.equal(signals['missed-worst'], 4n)
    assert.equal(signals['power-absent'], 250n)
    assert.deepEqual([...(identities['missed-set'] ?? [])], [0b10])
  })

  it('says whether what was missed was missed alone or with many', async () => {
    assert.equal((await reach()).signals['missed-alone'], 4n)
    const with2 = await reach(commitsOf([SIGNER]), { validators: [STOPPED] })
    assert.equal(with2.signals['missed'], 4n)
    assert.equal(with2.signals['missed-alone'], 0n)
    assert.equal(with2.signals['power-absent'], 750n)
    // Both who are watched missed, and each did with the other.
    const both = await reach(commitsOf(OTHERS))
    assert.equal(both.signals['missed'], 8n)
    assert.equal(both.signals['missed-alone'], 0n)
  })

  it('takes a vote for nil as a sign of life', async () => {
    const signatures = [{ block_id_flag: 3, validator_address: STOPPED }]
    const nil = change('commit ["837"]', ['signed_header', 'commit'], { signatures })
    assert.equal((await reach(nil, { validators: [STOPPED] })).signals['missed'], 3n)
  })

  it('does not hold a validator to blocks of before it joined', async () => {
    const key = 'validators ["837","1","100"]'
    const listed = readResult(key, 'validators') as { address: string }[]
    const before = listed.filter(({ address }) => address !== STOPPED)
    const joined = change(key, [], { validators: before, total: '3' })
    const { signals } = await reach(joined)
    assert.equal(signals['missed'], 0n)
    assert.equal(signals['active'], 2n)
  })

  it('says of a validator that is not in the set that it is not active', async () => {
    const { signals } = await reach({}, { validators: ['A'.repeat(40)] })
    assert.equal(signals['active'], 0n)
    assert.equal(signals['voting-power'], 0n)
  })

  it('counts blocks with evidence, and what accuses a watched validator', async () => {
    const key = 'blockchain ["837","840"]'
    const metas = structuredClone(readResult(key, 'block_metas')) as {
      header: { evidence_hash: string }
    }[]
    for (const meta of metas.slice(0, 2)) meta.header.evidence_hash = 'AB'.repeat(32)
    const doubled = { type: 'tendermint/DuplicateVoteEvidence' }
    const accuse = (address: string) => ({
      ...doubled,
      value: { vote_a: { validator_address: address }, vote_b: {} },
    })
    const attack = {
      type: 'tendermint/LightClientAttackEvidence',
      value: { ByzantineValidators: [{ address: STOPPED }, { address: 'B'.repeat(40) }] },
    }
    const block = (evidence: unknown) => ({ result: { block: { evidence: { evidence } } } })
    const { signals } = await reach({
      ...change(key, [], { block_metas: metas }),
      'block ["840"]': block([accuse(SIGNER), accuse('C'.repeat(40))]),
      'block ["839"]': block([attack]),
    })
    assert.equal(signals['evidence'], 2n)
    assert.equal(signals['accusations'], 2n)
  })

  it('leaves accusations out where a block exceeds what a probe reads', async () => {
    const key = 'blockchain ["837","840"]'
    const metas = structuredClone(readResult(key, 'block_metas')) as {
      header: { evidence_hash: string }
    }[]
    for (const meta of metas) meta.header.evidence_hash = 'AB'.repeat(32)
    const { signals } = await reach({
      ...change(key, [], { block_metas: metas }),
      block: { result: { block: { evidence: { evidence: ['x'.repeat(1_100_000)] } } } },
    })
    assert.equal(signals['evidence'], 4n)
    assert.equal(signals['accusations'], undefined)
  })

  it('tells a node that is catching up, without peers, in a late round', async () => {
    const { signals } = await reach({
      ...change('status []', ['sync_info'], { catching_up: true }),
      ...change('net_info []', [], { n_peers: '0' }),
      ...change('consensus_state []', ['round_state'], { 'height/round/step': '842/7/3' }),
    })
    assert.equal(signals['catching-up'], 1n)
    assert.equal(signals['peers'], 0n)
    assert.equal(signals['round'], 7n)
  })

  it('does without the round where the call is switched off', async () => {
    const off = { error: { code: -32_601, message: 'Method not found' } }
    assert.equal((await reach({ 'consensus_state []': off })).signals['round'], undefined)
  })

  it('says wrong-chain of another chain’s node', async () => {
    assert.equal(getEnding(await probe({}, { chainId: 'osmosis-1' })), 'wrong-chain')
  })

  it('says protocol of what is no answer of CometBFT’s', async () => {
    for (const key of Object.keys(recording.replies)) {
      for (const result of [null, {}, [], 'x', { sync_info: {}, node_info: {} }]) {
        const ending = getEnding(await probe({ [key]: { result } }))
        assert.equal(ending, 'protocol', `${key} ${JSON.stringify(result)}`)
      }
    }
    const shifted = change('blockchain ["837","840"]', [], { block_metas: [] })
    assert.equal(getEnding(await probe(shifted)), 'protocol')
    const other = change('commit ["838"]', ['signed_header', 'commit'], { height: '2' })
    assert.equal(getEnding(await probe(other)), 'content')
  })

  it('looks at whole windows below the head, and at none where there is none', () => {
    const at = (height: number, earliest = 1) => getWindow({ height, earliest }, 10)
    assert.equal(at(10), undefined)
    assert.deepEqual(at(11), { from: 1, to: 10 })
    assert.deepEqual(at(20), { from: 1, to: 10 })
    assert.deepEqual(at(21), { from: 11, to: 20 })
    assert.deepEqual(at(21, 15), { from: 15, to: 20 })
    assert.equal(at(21, 21), undefined)
  })

  it('calls a target degraded by default when a validator misses more than a third', () => {
    const draft = { id: 'hub', kind: 'cometbft', group: 'hub', timeoutMs: 1000 }
    const target = expandTarget(
      { ...draft, params: { url: 'http://127.0.0.1/', chainId: 'a', validators: [SIGNER] } },
      makeRegistry([cometbftKind]),
    )
    assert.ok(target.ok)
    const thresholds = new Map(target.target.policy.thresholds.map((each) => [each.signal, each]))
    assert.equal(thresholds.get('missed-worst')?.above, 3)
    assert.equal(thresholds.get('active')?.below, 1)
    assert.equal(thresholds.get('head-age')?.above, 70_000)
    assert.equal(thresholds.get('height')?.lag, 5)
  })
})
