import assert from 'node:assert/strict'
import { builtinKinds } from '../src/builtin-kinds.ts'
import { makeRegistry } from '../src/registry.ts'
import { checkTargetParams, expandTarget, type TargetDraft } from '../src/target.ts'
import { makeFakeKind, never } from './fake-kind.ts'

const registry = makeRegistry(builtinKinds)
const draft: TargetDraft = {
  id: 'web',
  kind: 'http',
  timeoutMs: 800,
  params: { url: 'https://example.com/' },
}

/** One target of each kind. */
const drafts: readonly TargetDraft[] = [
  draft,
  { id: 'a', kind: 'tcp', timeoutMs: 800, params: { host: 'example.com', port: 22 } },
  { id: 'b', kind: 'tls', timeoutMs: 800, params: { host: 'example.com', port: 443 } },
  { id: 'c', kind: 'evm-rpc', timeoutMs: 800, params: { url: 'https://example.com/', chainId: 1 } },
  {
    id: 'd',
    kind: 'price-feed',
    timeoutMs: 800,
    params: {
      url: 'https://example.com/',
      chainId: 1,
      address: `0x${'11'.repeat(20)}`,
      decimals: 18,
      heartbeatMs: 3_600_000,
    },
  },
]

describe('a target’s explicit form', () => {
  it('has every field, with the kind’s defaults written out', () => {
    const expanded = expandTarget(draft, registry)
    assert.deepEqual(expanded, {
      ok: true,
      target: {
        id: 'web',
        kind: 'http',
        group: '',
        provider: '',
        shard: 0,
        timeoutMs: 800,
        params: {
          url: 'https://example.com/',
          method: 'GET',
          headers: {},
          status: [],
          redirects: 3,
          bodyBytesMax: 262_144,
        },
        signals: [
          { name: 'latency', unit: 'us', scale: 0, aggregate: 'median' },
          { name: 'expires-in', unit: 's', scale: 0, aggregate: 'median' },
          { name: 'chain-expires-in', unit: 's', scale: 0, aggregate: 'median' },
        ],
        identities: [],
        policy: {
          reachedMin: 667,
          failedMin: 667,
          fallRounds: 2,
          riseRounds: 2,
          regionsMin: 0,
          networksMin: 0,
          operatorsMin: 0,
          astray: 'degraded',
          thresholds: [
            { signal: 'latency', above: 600_000, clear: 480_000, severity: 'degraded' },
            { signal: 'expires-in', below: 1_209_600, severity: 'degraded' },
            { signal: 'chain-expires-in', below: 1_209_600, severity: 'degraded' },
          ],
        },
      },
    })
    assert.deepEqual(draft.params, { url: 'https://example.com/' })
  })

  it('defines an extra signal only where it is named, or a threshold is on it', () => {
    const names = (over: Partial<TargetDraft>) => {
      const expanded = expandTarget({ ...draft, ...over }, registry)
      assert.ok(expanded.ok, JSON.stringify(expanded))
      return expanded.target.signals.map(({ name }) => name)
    }
    assert.ok(!names({}).includes('tls-version'))
    const thresholds = [{ signal: 'tls-version', below: 13, severity: 'degraded' as const }]
    assert.ok(names({ policy: { thresholds } }).includes('tls-version'))
    const version = { name: 'tls-version', unit: 'version', scale: 1, aggregate: 'median' as const }
    assert.deepEqual(names({ signals: [version], policy: { thresholds: [] } }), ['tls-version'])
  })

  it('says the same when it is expanded again', () => {
    for (const each of drafts) {
      const once = expandTarget(each, registry)
      assert.ok(once.ok, each.kind)
      assert.deepEqual(expandTarget(once.target, registry), once)
      assert.deepEqual(checkTargetParams(once.target, registry), [])
    }
  })

  it('keeps what the draft says itself', () => {
    const signals = [{ name: 'latency', unit: 'us', scale: 0, aggregate: 'median' as const }]
    const expanded = expandTarget(
      { ...draft, signals, policy: { fallRounds: 5, thresholds: [] }, group: 'g', shard: 2 },
      registry,
    )
    assert.ok(expanded.ok)
    assert.deepEqual(expanded.target.signals, signals)
    assert.equal(expanded.target.policy.fallRounds, 5)
    assert.equal(expanded.target.policy.riseRounds, 2)
    assert.deepEqual(expanded.target.policy.thresholds, [])
    assert.equal(expanded.target.group, 'g')
    assert.equal(expanded.target.shard, 2)
  })

  it('names thresholds’ signals that the target has', () => {
    for (const each of drafts) {
      for (const group of ['', 'group']) {
        const expanded = expandTarget({ ...each, group }, registry)
        assert.ok(expanded.ok)
        const names = expanded.target.signals.map(({ name }) => name)
        for (const { signal } of expanded.target.policy.thresholds)
          assert.ok(names.includes(signal))
      }
    }
  })

  it('clears thresholds on the side of their bound where they do not hold (SPEC 4.4.5)', () => {
    const bands = drafts.flatMap((each) => {
      const expanded = expandTarget({ ...each, group: 'group' }, registry)
      assert.ok(expanded.ok)
      return expanded.target.policy.thresholds.filter(({ clear }) => clear !== undefined)
    })
    assert.ok(bands.length >= drafts.length)
    for (const { signal, above, below, lag, clear } of bands) {
      const bound = Number(above ?? below ?? lag)
      assert.ok(below === undefined ? Number(clear) <= bound : Number(clear) >= bound, signal)
    }
  })

  it('is refused with the field that is wrong', () => {
    const latency = { name: 'latency', unit: 'us', scale: 0, aggregate: 'median' as const }
    for (const [change, code, path] of [
      [{ kind: 'unheard-of' }, 'unknown-kind', 'kind'],
      [{ params: {} }, 'bad-params', 'params'],
      [{ params: { url: 'https://u:p@example.com/' } }, 'credential', 'params.url'],
      [{ signals: [{ ...latency, name: 'other' }] }, 'unknown-signal', 'signals.0.name'],
      [{ signals: [{ ...latency, unit: 'ms' }] }, 'wrong-signal', 'signals.0.unit'],
      [{ identities: [{ name: 'other' }] }, 'unknown-identity', 'identities.0.name'],
    ] as const) {
      const expanded = expandTarget({ ...draft, ...change }, registry)
      assert.ok(!expanded.ok, code)
      const [problem] = expanded.problems
      assert.equal(problem?.code, code)
      assert.equal(problem.path.join('.'), path)
    }
  })

  it('is refused, and nothing thrown, where its kind throws', () => {
    const throws = () => {
      throw new Error('oh')
    }
    const fake = makeFakeKind(never)
    for (const broken of [{ check: throws }, { signals: throws }, { defaultPolicy: throws }]) {
      const own = makeRegistry([{ ...fake, ...broken }])
      const given = { ...draft, kind: 'fake', params: { name: 'a' } }
      const expanded = expandTarget(given, own)
      assert.ok(!expanded.ok)
      assert.equal(expanded.problems[0]?.code, 'kind-throws')
      assert.match(expanded.problems[0].expected, /\(oh\)$/)
      if ('defaultPolicy' in broken) continue
      const [problem] = checkTargetParams({ ...given, signals: [], identities: [] }, own)
      assert.equal(problem?.code, 'kind-throws')
    }
  })
})
