import assert from 'node:assert/strict'
import { getEnding, probeOnce, type ProbeOptions } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { priceReferenceKind } from '../../src/kinds/price-reference.ts'
import { parseParams } from '../../src/params.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { startTextServer, type TextReply } from '../text-server.ts'

/** What a source answers; undefined: nothing, ever. */
type Answer = TextReply | string | undefined

/** A time-out of which a source has three quarters, and how long after those it may be at most. */
const TIMEOUT_MS = 1200
const OWN_TIMEOUT_MS = 6000

/** Asks a real server for each source, all of which give `/price`. */
async function probe(
  answers: readonly Answer[],
  more: object = {},
  options: ProbeOptions = {},
  source: object = {},
): Promise<ProbeResult> {
  const servers = await Promise.all(
    answers.map((answer) =>
      startTextServer(() =>
        typeof answer === 'string' ? { body: JSON.stringify({ price: answer }) } : answer,
      ),
    ),
  )
  try {
    const sources = servers.map(({ url }) => ({ url: `${url}/`, price: '/price', ...source }))
    const params = { sources, unit: 'usd', scale: 2, ...more }
    return await probeOnce(priceReferenceKind, params, { timeoutMs: OWN_TIMEOUT_MS, ...options })
  } finally {
    await Promise.all(servers.map((server) => server.close()))
  }
}

const getDetail = (result: ProbeResult): string =>
  result.status === 'reached' ? 'reached' : result.detail

function getSignals(result: ProbeResult): Record<string, bigint> {
  assert.ok(result.status === 'reached', getDetail(result))
  const { latency, ...signals } = result.signals
  assert.ok(latency !== undefined && latency > 0n)
  return signals
}

const getLeftOut = (result: ProbeResult): string => {
  assert.ok(result.status === 'reached', getDetail(result))
  return Buffer.from(result.identities['left-out-set'] ?? []).toString('hex')
}

describe('kind price-reference', () => {
  it('takes the median of its sources, with how many count and how far they are apart', async () => {
    const result = await probe(['3000.10', '3000.304', '3003.10'])
    assert.deepEqual(getSignals(result), {
      'reference-price': 300_030n,
      sources: 3n,
      outliers: 0n,
      // 3 of 3000.304: 9.998… basis points.
      spread: 999n,
    })
    assert.equal(getLeftOut(result), '00')
  })

  it('reads numbers with all their digits, texts and whole ones of a scale, wherever they are', async () => {
    const body = '{"data":[{"last/usd":0.100000000000000012}]}'
    const deep = { price: '/data/0/last~1usd' }
    const exact = await probe([{ body }, { body }, { body }], { scale: 18 }, {}, deep)
    assert.equal(getSignals(exact)['reference-price'], 100_000_000_000_000_012n)
    const whole = await probe(['300010', '300010', '300010'], {}, {}, { decimals: 2 })
    assert.equal(getSignals(whole)['reference-price'], 300_010n)
    const short = await probe(['3e3', '3000', '3000.0'])
    assert.equal(getSignals(short)['reference-price'], 300_000n)
  })

  it('leaves out one source that lies, counts it and says which', async () => {
    for (const lie of ['3300', '0.01', '1e60']) {
      const result = await probe(['3000', lie, '3001', '3002', '3003'])
      const { 'reference-price': price, sources, outliers } = getSignals(result)
      assert.deepEqual([price, sources, outliers], [300_150n, 4n, 1n], lie)
      assert.equal(getLeftOut(result), '02')
    }
    const three = await probe(['3000', '3001', '3300'])
    assert.deepEqual(getSignals(three), {
      'reference-price': 300_050n,
      sources: 2n,
      outliers: 1n,
      spread: 333n,
    })
    assert.equal(getLeftOut(three), '04')
  })

  it('has no reference where two of three lie, each in its own way', async () => {
    const result = await probe(['3000', '3300', '3700'])
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'content')
    assert.equal(result.detail, '0 of 3 sources count: 3 prices differ by more than 100 bp')
  })

  it('has none where one of three lies and another is gone, nor where two camps are equal', async () => {
    const lone = await probe(['3000', '3300', { status: 500, body: '' }])
    assert.equal(getEnding(lone), 'content')
    assert.equal(getEnding(await probe(['3000', '3000', '3300', '3300'])), 'content')
  })

  it('goes on without a source that is too slow, in time for its own deadline', async () => {
    const result = await probe(['3000', undefined, '3001'], {}, { timeoutMs: TIMEOUT_MS })
    const { sources, outliers } = getSignals(result)
    assert.deepEqual([sources, outliers], [2n, 0n])
    assert.equal(getLeftOut(result), '02')
    // It is not what was waited for.
    const waitedUs = result.phases.reduce((sum, { us }) => sum + us, 0)
    assert.ok(waitedUs < (TIMEOUT_MS * 1000 * 3) / 4, `${waitedUs} us`)
  })

  it('is a timeout where too few sources are in time', async () => {
    const result = await probe(['3000', undefined, undefined], {}, { timeoutMs: TIMEOUT_MS })
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'timeout')
    assert.match(result.detail, /^1 of 3 sources count: 127\.0\.0\.1:\d+: no answer in 9\d\d? ms/)
  })

  it('leaves out a price that is too old by its own time, however that is written', async () => {
    const roundStartMs = Math.floor(Date.now() / 1000) * 1000
    const at = (time: unknown, price = '3000') => ({ body: JSON.stringify({ price, time }) })
    const ask = (times: readonly unknown[], timeUnit: string) =>
      probe(
        times.map((time) => at(time)),
        { sourceAgeMsMax: 60_000 },
        { roundStartMs },
        { time: '/time', timeUnit },
      )
    const second = roundStartMs / 1000
    const fresh = [second, String(second - 60), new Date(roundStartMs - 60_000).toISOString()]
    assert.equal(getSignals(await ask(fresh, 's'))['sources'], 3n)
    const stale = [second, second - 60, second - 61]
    assert.equal(getLeftOut(await ask(stale, 's')), '04')
    const fine = [roundStartMs, roundStartMs - 60_000, roundStartMs - 60_001]
    assert.equal(getLeftOut(await ask(fine, 'ms')), '04')
    assert.equal(getEnding(await ask([second - 61, second - 61, second], 's')), 'stale')
  })

  it('says what is wrong with sources, where too few are left', async () => {
    const good = '3000'
    for (const [answer, ending] of [
      [{ body: 'no' }, 'protocol'],
      [{ body: '{}' }, 'protocol'],
      [{ body: '{"price":true}' }, 'protocol'],
      [{ body: '{"price":{"price":1}}' }, 'protocol'],
      [{ body: '{"price":"three"}' }, 'protocol'],
      [{ body: '{"price":1e999}' }, 'protocol'],
      [{ body: '['.repeat(200_000) }, 'protocol'],
      [{ body: `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}` }, 'protocol'],
      [{ body: '{"price":0}' }, 'content'],
      [{ body: '{"price":-3000}' }, 'content'],
      [{ body: `{"price":3000,"x":"${'x'.repeat(262_144)}"}` }, 'too-large'],
      [{ status: 500, body: '' }, 'status'],
      [{ status: 403, body: '' }, 'auth'],
      [{ status: 302, body: '' }, 'redirect'],
    ] as const) {
      const what = JSON.stringify(answer).slice(0, 60)
      assert.equal(getEnding(await probe([answer, good, answer])), ending, what)
      const { sources } = getSignals(await probe([answer, good, good]))
      assert.equal(sources, 2n, what)
    }
    for (const time of ['{}', 'null', '"yesterday"', '1e40', 'true']) {
      const answer = { body: `{"price":3000,"time":${time}}` }
      const ending = getEnding(await probe([answer, answer, answer], {}, {}, { time: '/time' }))
      assert.equal(ending, 'protocol', time)
    }
  })

  it('says content of a price that 64 bits do not hold', async () => {
    const large = ['92233720368547758.07', '92233720368547758.07', '92233720368547758.07']
    assert.equal(getSignals(await probe(large))['reference-price'], 2n ** 63n - 1n)
    assert.equal(getEnding(await probe(large, { scale: 3 })), 'content')
  })

  it('wants as many sources as the manifest says', async () => {
    const answers = ['3000', '3001', { status: 500, body: '' }]
    assert.equal(getEnding(await probe(answers, { sourcesMin: 3 })), 'status')
    assert.equal(getEnding(await probe(['3000', '3001', '3300'], { sourcesMin: 3 })), 'content')
    assert.equal(getEnding(await probe(answers, { sourcesMin: 2 })), 'reached')
  })

  it('abstains where it is this machine that could not ask enough of them', async () => {
    const forbidden = { url: 'http://127.0.0.2:9/', price: '/price' }
    const unasked = { url: 'http://127.0.0.3:9/', price: '/price' }
    const server = await startTextServer(() => ({ body: '{"price":1}' }))
    const broken = await startTextServer(() => ({ status: 500, body: '' }))
    const good = { url: `${server.url}/`, price: '/price' }
    const bad = { url: `${broken.url}/`, price: '/price' }
    const ask = (sources: readonly object[]) => probeOnce(priceReferenceKind, { sources })
    try {
      assert.equal(getEnding(await ask([good, forbidden, bad])), 'forbidden-address')
      assert.equal(getEnding(await ask([unasked, forbidden, bad])), 'forbidden-address')
      const twice = { ...bad, url: `${broken.url}/2` }
      assert.equal(getEnding(await ask([bad, forbidden, twice])), 'status')
      const again = { ...good, url: `${server.url}/2` }
      assert.equal(getEnding(await ask([good, forbidden, again])), 'reached')
    } finally {
      await server.close()
      await broken.close()
    }
  })

  it('refuses parameters that make no sense, each by its name', () => {
    const source = (at: number) => ({ url: `http://s${at}.example/`, price: '/price' })
    const sources = [source(1), source(2), source(3)]
    const oracle = {
      name: 'chainlink',
      url: 'http://rpc.example/',
      chainId: 1,
      address: `0x${'11'.repeat(20)}`,
      decimals: 8,
    }
    const pyth = {
      name: 'pyth',
      feed: 'pyth',
      url: 'http://hermes.example/',
      priceId: 'ab'.repeat(32),
    }
    const find = (params: object) => {
      const parsed = parseParams(priceReferenceKind, { sources, ...params })
      return parsed.ok ? [] : parsed.problems.map(({ path, code }) => `${path.join('.')} ${code}`)
    }
    assert.deepEqual(find({ oracles: [oracle, pyth] }), [])
    for (const [params, problem] of [
      [{ sources: sources.slice(1) }, 'params.sources bad-params'],
      [{ sources: [...sources, source(1)] }, 'params.sources.3.url duplicate-source'],
      [{ sources: Array.from({ length: 9 }, (_, at) => source(at)) }, 'params.sources bad-params'],
      [
        { sources: [...sources, { url: 'http://s4.example/', price: 'x' }] },
        'params.sources.3.price bad-params',
      ],
      [
        { sources: [...sources, { url: 'http://a@s4.example/', price: '/x' }] },
        'params.sources.3.url credential',
      ],
      [
        { sources: [...sources, { ...source(4), headers: { Host: 'x' } }] },
        'params.sources.3.headers.Host reserved-header',
      ],
      [{ sourcesMin: 4 }, 'params.sourcesMin too-few-sources'],
      [{ oracles: [{ ...oracle, name: 'reference' }] }, 'params.oracles.0.name duplicate-signal'],
      [
        { oracles: [oracle, { ...pyth, name: 'chainlink' }] },
        'params.oracles.1.name duplicate-signal',
      ],
      [
        { oracles: [pyth, { ...oracle, decimals: undefined }] },
        'params.oracles.1.decimals missing-param',
      ],
      [{ oracles: [{ ...pyth, chainId: 1 }] }, 'params.oracles.0.chainId unused-param'],
      [
        { oracles: Array.from({ length: 5 }, (_, at) => ({ ...oracle, name: `o${at}` })) },
        'params.oracles bad-params',
      ],
    ] as const) {
      assert.deepEqual(find(params), [problem], problem)
    }
  })

  it('names an oracle that is far away first in its policy, then one that is near, then its sources', () => {
    const sources = [1, 2, 3].map((at) => ({ url: `http://s${at}.example/`, price: '/p' }))
    const place = { chainId: 1, address: `0x${'11'.repeat(20)}`, decimals: 8, url: 'http://rpc/' }
    const getThresholds = (oracles: readonly object[]) => {
      const params = { sources, oracles }
      const draft = { id: 'eth-usd', kind: 'price-reference', timeoutMs: 800, params }
      const expanded = expandTarget(draft, makeRegistry([priceReferenceKind]))
      assert.ok(expanded.ok)
      return expanded.target.policy.thresholds
    }
    assert.deepEqual(getThresholds([{ name: 'own', deviationBpMax: 50, ...place }]), [
      { signal: 'own-deviation', above: 20_000, clear: 15_000, severity: 'down' },
      { signal: 'own-deviation', above: 5000, clear: 3750, severity: 'degraded' },
      { signal: 'oracles', below: 1, severity: 'degraded' },
      { signal: 'spread', above: 5000, clear: 3750, severity: 'degraded' },
    ])
    assert.deepEqual(getThresholds([]), [
      { signal: 'spread', above: 5000, clear: 3750, severity: 'degraded' },
    ])
  })
})
