import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { getEnding, probeOnce } from '../../../src/compliance/harness.ts'
import type { ProbeResult } from '../../../src/kind.ts'
import { priceFeedKind } from '../../../src/kinds/price-feed.ts'
import { makeRegistry } from '../../../src/registry.ts'
import { expandTarget } from '../../../src/target.ts'
import { startTextServer, type TextReply } from '../../text-server.ts'

const recorded = readFileSync(
  new URL('../../fixtures/pyth-hermes-latest.json', import.meta.url),
  'utf8',
)
const PRICE_ID = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43'
const PUBLISHED_MS = 1_717_632_000_000
const params = { feed: 'pyth', priceId: PRICE_ID, heartbeatMs: 60_000, unit: 'usd' }

/** Hermes, by what its documentation shows. What it has no update for it answers with 404. */
async function probe(
  answer: (moment: string) => TextReply,
  more: object = {},
  roundStartMs = Date.now(),
): Promise<{ result: ProbeResult; asked: readonly string[] }> {
  const server = await startTextServer((path) => answer(path.split(/[/?]/)[4] ?? ''))
  try {
    const given = { url: server.url, ...params, ...more }
    return {
      result: await probeOnce(priceFeedKind, given, { roundStartMs }),
      asked: server.asked(),
    }
  } finally {
    await server.close()
  }
}

const stale = (moment: string): TextReply =>
  moment === 'latest' ? { body: recorded } : { status: 404, body: 'Update data not found' }

describe('kind price-feed of Pyth', () => {
  it('reads price, confidence and average of the reply that Hermes’ documentation shows', async () => {
    const roundStartMs = Date.now()
    const { result, asked } = await probe(stale, {}, roundStartMs)
    assert.ok(result.status === 'reached', getEnding(result))
    const { latency, ...signals } = result.signals
    assert.ok(latency !== undefined && latency > 0n)
    assert.deepEqual(signals, {
      price: 2_920_679_499_999n,
      confidence: 509_500_001n,
      'confidence-share': 1n,
      average: 2_920_679_499_999n,
      age: BigInt(roundStartMs - PUBLISHED_MS),
    })
    assert.deepEqual(result.reference, { kind: 'time', value: PUBLISHED_MS })
    const slot = Buffer.from(result.identities['round-id'] ?? []).readBigUInt64BE()
    assert.equal(slot, 85_480_034n)
    const query = `?ids%5B%5D=${PRICE_ID}&parsed=true`
    assert.equal(asked.at(-1), `/v2/updates/price/latest${query}`)
  })

  it('asks for one moment shortly before the round, whenever it asks', async () => {
    const roundStartMs = Math.floor(Date.now() / 1000) * 1000 + 250
    const moment = roundStartMs / 1000 - 3.25
    const fresh = recorded.replaceAll(String(PUBLISHED_MS / 1000), String(moment + 1))
    const { result, asked } = await probe(() => ({ body: fresh }), {}, roundStartMs)
    assert.ok(result.status === 'reached', getEnding(result))
    assert.equal(result.signals['age'], 2250n)
    assert.deepEqual(
      asked.map((path) => path.split('?')[0]),
      [`/v2/updates/price/${moment}`],
    )
  })

  it('takes a price to the scale asked for, whatever Pyth’s exponent', async () => {
    const lesser = await probe(stale, { scale: 2, priceId: `0x${PRICE_ID}` })
    assert.ok(lesser.result.status === 'reached')
    assert.equal(lesser.result.signals['price'], 2_920_679n)
    const whole = { body: recorded.replaceAll('"expo": -8', '"expo": 2') }
    const { result } = await probe(() => whole, { scale: 0 })
    assert.ok(result.status === 'reached', getEnding(result))
    assert.equal(result.signals['price'], 292_067_949_999_900n)
  })

  it('leaves out the slot and the average that a reply does not have', async () => {
    const update = JSON.parse(recorded) as { parsed: Record<string, unknown>[] }
    const [{ metadata: _metadata, ema_price: _average, ...bare } = {}] = update.parsed
    const { result } = await probe(() => ({ body: JSON.stringify({ parsed: [bare] }) }))
    assert.ok(result.status === 'reached', getEnding(result))
    assert.ok(!('average' in result.signals))
    assert.deepEqual(result.identities, {})
  })

  it('says what a faulty reply means', async () => {
    const change = (from: string, to: string) => ({ body: recorded.replace(from, to) })
    for (const [reply, ending] of [
      [{ status: 404, body: 'Price ids not found' }, 'status'],
      [{ status: 401, body: '' }, 'auth'],
      [{ status: 302, body: '' }, 'redirect'],
      [{ body: 'no' }, 'protocol'],
      [{ body: '{}' }, 'protocol'],
      [{ body: '{"parsed":[]}' }, 'protocol'],
      [change(PRICE_ID, 'ff'.repeat(32)), 'protocol'],
      [{ body: recorded.replaceAll('2920679499999', '0') }, 'content'],
      [{ body: recorded.replaceAll('2920679499999', '-5') }, 'content'],
      [{ body: recorded.replaceAll('2920679499999', '9'.repeat(20)) }, 'content'],
      [{ body: recorded.replaceAll('509500001', '9'.repeat(20)) }, 'content'],
      [{ body: recorded.replaceAll('"509500001"', '509500001') }, 'protocol'],
      [{ body: recorded.replaceAll('-8', '-33') }, 'protocol'],
      [{ body: recorded.replaceAll('-8', '0.5') }, 'protocol'],
      [{ body: recorded.replaceAll('1717632000', '1e300') }, 'protocol'],
      [{ body: 'x'.repeat(262_145) }, 'too-large'],
    ] as const) {
      const { result } = await probe(() => reply)
      assert.equal(getEnding(result), ending, reply.body.slice(0, 400))
    }
  })

  it('is degraded by default when it is old, or its publishers differ by a hundredth', () => {
    const draft = {
      id: 'btc',
      kind: 'price-feed',
      timeoutMs: 800,
      params: { url: 'https://hermes.example/', ...params },
    }
    const expanded = expandTarget(draft, makeRegistry([priceFeedKind]))
    assert.ok(expanded.ok)
    const { thresholds } = expanded.target.policy
    assert.deepEqual(thresholds.slice(0, 2), [
      { signal: 'age', above: 75_000, severity: 'degraded' },
      { signal: 'confidence-share', above: 100, clear: 75, severity: 'degraded' },
    ])
  })
})
