import assert from 'node:assert/strict'
import {
  fromHex,
  getNetworkId,
  type Manifest,
  manifestToJson,
  type ParsedManifest,
  parseManifest,
  type Problem,
  toHex,
  toSigned,
  toText,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import {
  type Json,
  type JsonObject,
  makeManifestJson,
  makeTargetJson,
  readManifest,
  withChange,
} from './support/network-fixture.ts'

type Path = readonly (string | number)[]

const json = makeManifestJson()
const target: Path = ['parameters', 'targets', 1]

function getProblems(value: unknown): readonly Problem[] {
  const parsed: ParsedManifest = parseManifest(value)
  return parsed.ok ? [] : parsed.problems
}

function assertRefused(value: unknown, code: Problem['code'], path: Path): void {
  const found = getProblems(value).map((problem) => `${problem.path.join('.')}: ${problem.code}`)
  assert.deepEqual(found, [`${path.join('.')}: ${code}`])
}

/** The same value with the keys of every object in another order. */
function shuffleKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffleKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toReversed()
  return Object.fromEntries(entries.map(([key, child]) => [key, shuffleKeys(child)]))
}

describe('parseManifest (SPEC 4)', () => {
  it('says of an object that is none nothing but that', () => {
    for (const value of [undefined, null, [], 'x', 7]) {
      assertRefused(value, value === undefined ? 'missing' : 'wrong-type', [])
      if (value === undefined) continue
      assertRefused({ ...json, parameters: value }, 'wrong-type', ['parameters'])
      for (const path of [['committee', 1], target, [...target, 'policy', 'thresholds', 0]])
        assertRefused(withChange(json, path, value), 'wrong-type', path)
    }
    const { parameters: _, ...without } = json
    assertRefused(without, 'missing', ['parameters'])
  })

  it('fills in the defaults', () => {
    const { parameters, features, committee } = readManifest(json)
    assert.deepEqual(features, [])
    assert.equal(parameters.originRound, 0)
    assert.equal(parameters.viewTimeoutMsMax, 16 * 500)
    assert.equal(parameters.roundsBehindMax, 8)
    assert.equal(parameters.gapMax, 30)
    assert.equal(parameters.shards, 1)
    assert.deepEqual(parameters.handover, [])
    const web = parameters.targets[1]
    assert.ok(web !== undefined)
    assert.deepEqual([toText(web.group), toText(web.provider), web.shard], ['', '', 0])
    assert.deepEqual(web.identities, [])
    const { regionsMin, networksMin, operatorsMin } = web.policy
    assert.deepEqual([regionsMin, networksMin, operatorsMin], [0, 0, 0])
    const { region: _, ...member } = (json['committee'] as JsonObject[])[0] ?? {}
    assert.equal(
      toHex(getNetworkId(readManifest(withChange(json, ['committee', 0], member)))),
      toHex(getNetworkId({ ...readManifest(json), committee })),
    )
  })

  it('gives one network id whatever the order of keys, members and targets', () => {
    const id = getNetworkId(readManifest(json))
    assert.deepEqual(getNetworkId(readManifest(shuffleKeys(json))), id)
    const committee = (json['committee'] as Json[]).toReversed()
    assert.deepEqual(getNetworkId(readManifest({ ...json, committee })), id)
    const targets = ((json['parameters'] as JsonObject)['targets'] as Json[]).toReversed()
    assert.deepEqual(
      getNetworkId(readManifest(withChange(json, ['parameters', 'targets'], targets))),
      id,
    )
  })

  it('sorts by bytes, not by any alphabet', () => {
    const targets = ['b', 'a.b', 'a-b', 'a', 'a_b', '0'].map(makeTargetJson)
    const { parameters } = readManifest(withChange(json, ['parameters', 'targets'], targets))
    assert.deepEqual(
      parameters.targets.map(({ id }) => toText(id)),
      ['0', 'a', 'a-b', 'a.b', 'a_b', 'b'],
    )
  })

  it('gives another network id when anything it says changes', () => {
    const changes: [Path, Json][] = [
      [['name'], 'other'],
      [['features'], ['probe-v2']],
      [['committee', 0, 'region'], 'eu'],
      [['committee', 0, 'id'], 'm0'],
      [['parameters', 'originMs'], 1_763_683_200_001],
      [['parameters', 'gapMax'], 31],
      [[...target, 'params'], { url: 'http://web.example/health' }],
      [[...target, 'policy', 'thresholds', 0, 'above'], 500_001],
      [[...target, 'policy', 'thresholds', 0, 'severity'], 'down'],
      [[...target, 'signals', 0, 'unit'], 'ms'],
    ]
    const ids = changes.map(([path, value]) =>
      toHex(getNetworkId(readManifest(withChange(json, path, value)))),
    )
    assert.equal(
      new Set([...ids, toHex(getNetworkId(readManifest(json)))]).size,
      changes.length + 1,
    )
  })

  it('reads thresholds by name, and numbers beyond 2^53 from decimal strings (SPEC 4.1)', () => {
    const cases: [string, Json, number, bigint][] = [
      ['above', 7, 1, 7n],
      ['below', -7, 2, -7n],
      ['above', '9223372036854775807', 1, 2n ** 63n - 1n],
      ['below', '-9223372036854775808', 2, -(2n ** 63n)],
    ]
    for (const [name, value, op, expected] of cases) {
      const thresholds = [{ signal: 'latency', [name]: value, severity: 'down' }]
      const { parameters } = readManifest(
        withChange(json, [...target, 'policy', 'thresholds'], thresholds),
      )
      const [threshold] = parameters.targets[1]?.policy.thresholds ?? []
      assert.ok(threshold !== undefined)
      assert.deepEqual([threshold.op, threshold.severity], [op, 4])
      assert.equal(toSigned(threshold.value), expected)
      assert.equal(toSigned(threshold.clear), expected, 'clear is the bound unless it is said')
    }
  })

  it('refuses thresholds with no comparison, two, or a value that is no 64-bit integer', () => {
    const path = [...target, 'policy', 'thresholds', 0]
    const base = { signal: 'latency', severity: 'down' }
    assertRefused(withChange(json, path, base), 'missing', path)
    assertRefused(withChange(json, path, { ...base, above: 1, below: 2 }), 'bad-threshold', path)
    const above = [...path, 'above']
    for (const value of [1.5, 2 ** 53, '1.5', '', '0x10', '01', true, null, 'many']) {
      assertRefused(withChange(json, above, value), 'wrong-type', above)
    }
    for (const value of ['9223372036854775808', '-9223372036854775809']) {
      assertRefused(withChange(json, above, value), 'out-of-range', above)
    }
    const clear = [...path, 'clear']
    assertRefused(withChange(json, clear, '1.5'), 'wrong-type', clear)
    assertRefused(withChange(json, clear, '-9223372036854775809'), 'out-of-range', clear)
  })

  it('refuses severities and aggregates that a threshold or signal cannot have', () => {
    const severity = [...target, 'policy', 'thresholds', 0, 'severity']
    for (const name of ['up', 'disputed', 'unknown', 'toString', '']) {
      assertRefused(withChange(json, severity, name), 'unknown-name', severity)
    }
    const aggregate = [...target, 'signals', 0, 'aggregate']
    assertRefused(withChange(json, aggregate, 'mean'), 'unknown-name', aggregate)
    assertRefused(withChange(json, aggregate, 1), 'wrong-type', aggregate)
  })

  it('names the field of everything missing, all at once', () => {
    const paths: Path[] = [
      ['format'],
      ['protocol'],
      ['name'],
      ['committee'],
      ['parameters', 'originMs'],
      ['parameters', 'roundMs'],
      ['parameters', 'attestByMs'],
      ['parameters', 'proposeAtMs'],
      ['parameters', 'viewTimeoutMs'],
      [...target, 'id'],
      [...target, 'kind'],
      [...target, 'timeoutMs'],
      [...target, 'params'],
      [...target, 'policy', 'reachedMin'],
      [...target, 'policy', 'failedMin'],
      [...target, 'policy', 'fallRounds'],
      [...target, 'policy', 'riseRounds'],
      [...target, 'policy', 'thresholds'],
    ]
    for (const path of paths) assertRefused(withChange(json, path, undefined), 'missing', path)
    const all = paths.reduce((made, path) => withChange(made, path, undefined), json)
    assert.deepEqual(
      new Set(getProblems(all).map(({ path }) => path.join('.'))),
      new Set(paths.map((path) => path.join('.'))),
    )
    for (const path of [['parameters'], [...target, 'policy']]) {
      assert.ok(
        getProblems(withChange(json, path, undefined)).some(({ code }) => code === 'missing'),
      )
    }
    for (const name of ['id', 'publicKey', 'weight']) {
      const path = ['committee', 1, name]
      assertRefused(withChange(json, path, undefined), 'missing', path)
    }
  })

  it('refuses fields it does not know, wherever they stand', () => {
    for (const at of [[], ['committee', 0], ['parameters'], target, [...target, 'policy']]) {
      const path = [...at, 'colour']
      assertRefused(withChange(json, path, 'red'), 'unknown-field', path)
    }
  })

  it('refuses values of another type, and does not throw, for anything a parser can give', () => {
    for (const value of [undefined, null, true, 7, 'text', [], [json], new Map(), 10n]) {
      assert.equal(parseManifest(value).ok, false)
    }
    const paths: Path[] = [
      ['committee'],
      ['committee', 0],
      ['committee', 0, 'publicKey'],
      ['committee', 0, 'weight'],
      ['features'],
      ['parameters', 'targets'],
      [...target, 'signals'],
      [...target, 'params'],
      [...target, 'shard'],
    ]
    for (const path of paths) {
      for (const value of [null, true, 'text', 1.5, -1, { a: 1 }, ['a']]) {
        const isFine =
          (path.at(-1) === 'params' && typeof value === 'object') ||
          (path.at(-1) === 'features' && Array.isArray(value))
        if (isFine && value !== null && !(path.at(-1) === 'params' && Array.isArray(value)))
          continue
        const found = getProblems(withChange(json, path, value))
        assert.ok(
          found.some((problem) => problem.path.join('.').startsWith(path.join('.'))),
          `${path.join('.')} = ${JSON.stringify(value)}`,
        )
      }
    }
    fc.assert(
      fc.property(fc.anything(), (value) => {
        assert.equal(parseManifest(value).ok, false)
      }),
    )
  })

  it('refuses other formats and protocols, an empty name, and features not named once', () => {
    for (const path of [['format'], ['protocol']]) {
      for (const value of [0, 2, '1'])
        assertRefused(withChange(json, path, value), 'out-of-range', path)
    }
    assertRefused(withChange(json, ['name'], ''), 'too-few', ['name'])
    assertRefused(withChange(json, ['features'], ['a', 'a']), 'duplicate', ['features', 1])
    assertRefused(withChange(json, ['features'], ['Ä']), 'not-text', ['features', 0])
    assertRefused(withChange(json, ['features'], ['A']), 'not-an-identifier', ['features', 0])
    const many = Array.from({ length: 17 }, (_, i) => `f${i}`)
    assertRefused(withChange(json, ['features'], many), 'too-many', ['features'])
  })

  it('refuses keys and hashes that are not 64 hex digits, and reads them in either case', () => {
    const path = ['committee', 0, 'publicKey']
    const { publicKey } = (json['committee'] as { publicKey: string }[])[0] ?? { publicKey: '' }
    for (const key of ['', publicKey.slice(2), `${publicKey}00`, `0x${publicKey.slice(2)}`]) {
      assertRefused(withChange(json, path, key), 'not-hex', path)
    }
    const upper = readManifest(withChange(json, path, publicKey.toUpperCase()))
    assert.deepEqual(upper.committee.members[0]?.publicKey, fromHex(publicKey))
    const handover = [{ lastHeight: 9, committee: publicKey, parameters: publicKey }]
    const handed = readManifest(withChange(json, ['parameters', 'handover'], handover))
    assert.equal(handed.parameters.handover[0]?.lastHeight, 9)
    const twice = withChange(json, ['parameters', 'handover'], [...handover, ...handover])
    assertRefused(twice, 'too-many', ['parameters', 'handover'])
  })

  it('names the place in the file, not the one after sorting', () => {
    const committee = (json['committee'] as Json[]).toReversed()
    const path = ['committee', 0, 'weight']
    assertRefused(withChange({ ...json, committee }, path, 0), 'out-of-range', path)
  })

  it('refuses params that canonical JSON cannot say, where they cannot', () => {
    const params = [...target, 'params']
    const refused: [Json, Path][] = [
      [{ ratio: 0.5 }, ['ratio']],
      [{ a: [1, 2 ** 53] }, ['a', 1]],
    ]
    for (const [value, path] of refused) {
      assertRefused(withChange(json, params, value), 'bad-params', [...params, ...path])
    }
    assertRefused(withChange(json, params, { text: 'é'.repeat(2050) }), 'too-long', params)
    const nest = (levels: number): Json => (levels === 0 ? 1 : { a: nest(levels - 1) })
    assert.deepEqual(getProblems(withChange(json, params, nest(8))), [])
    assert.equal(getProblems(withChange(json, params, nest(9)))[0]?.code, 'bad-params')
  })

  it('warns of no targets, and of vantage points that the committee cannot give', () => {
    const empty = parseManifest(withChange(json, ['parameters', 'targets'], []))
    assert.ok(empty.ok)
    assert.deepEqual(
      empty.warnings.map(({ code }) => code),
      ['no-targets'],
    )
    const regions = ['eu', 'us', '', 'us']
    const committee = (json['committee'] as JsonObject[]).map((member, i) => ({
      ...member,
      region: regions[i] ?? '',
    }))
    for (const [regionsMin, codes] of [
      [2, []],
      [3, ['unreachable-vantage']],
    ] as const) {
      const parsed = parseManifest(
        withChange({ ...json, committee }, [...target, 'policy', 'regionsMin'], regionsMin),
      )
      assert.ok(parsed.ok)
      assert.deepEqual(
        parsed.warnings.map(({ code }) => code),
        codes,
      )
    }
  })
})

describe('manifestToJson', () => {
  it('says what parses to the same manifest, beyond 2^53 as strings', () => {
    const thresholds = [
      { signal: 'latency', above: '9007199254740993', clear: 7, severity: 'down' },
      { signal: 'latency', below: -3, clear: '9007199254740993', severity: 'degraded' },
    ]
    const changes: [Path, Json][] = [
      [['features'], ['probe-v2']],
      [
        ['parameters', 'handover'],
        [{ lastHeight: 5, committee: 'ab'.repeat(32), parameters: 'cd'.repeat(32) }],
      ],
      [[...target, 'policy', 'thresholds'], thresholds],
      [[...target, 'identities'], [{ name: 'block-hash' }]],
      [
        [...target, 'params'],
        { url: 'http://wéb/"\\\n', list: [1, -2, null, true, { b: {}, a: [] }] },
      ],
    ]
    const manifest: Manifest = readManifest(
      changes.reduce((made, [path, value]) => withChange(made, path, value), json),
    )
    const written = manifestToJson(manifest)
    assert.deepEqual(readManifest(JSON.parse(JSON.stringify(written)) as Json), manifest)
    const web = written.parameters.targets[1]
    assert.deepEqual(web?.policy.thresholds, thresholds)
    assert.deepEqual(written.committee[0], (json['committee'] as Json[])[0])
  })
})
