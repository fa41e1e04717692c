import assert from 'node:assert/strict'
import {
  type Committee,
  checkCommittee,
  checkHandoverCommittee,
  checkHandoverParameters,
  checkParameters,
  fromText,
  limits,
  type Parameters,
  type Problem,
  parseManifest,
  sha256,
  type Target,
} from '@watchfire/attestation'
import { listEdgeKeys } from './support/edge-signatures.ts'
import {
  type Json,
  type JsonObject,
  makeManifestJson,
  makeMemberJson,
  makeNextEpoch,
  makeTargetJson,
  withChange,
} from './support/network-fixture.ts'

type Path = readonly (string | number)[]

const json = makeManifestJson()
const target: Path = ['parameters', 'targets', 1]
const KEY_OF_M1 = ((json['committee'] as JsonObject[])[0] ?? {})['publicKey'] as Json

function getProblems(value: Json): readonly Problem[] {
  const parsed = parseManifest(value)
  return parsed.ok ? [] : parsed.problems
}

function assertAdmitted(value: Json, what: string): void {
  assert.deepEqual(getProblems(value), [], what)
}

/** That `value` is refused, and some problem names this field with this code. */
function assertRefused(value: Json, code: Problem['code'], path: Path, what: string): void {
  const problems = getProblems(value)
  const found = problems.some(
    (problem) => problem.code === code && problem.path.join('.') === path.join('.'),
  )
  assert.ok(found, `${what}: ${JSON.stringify(problems)}`)
}

interface Range {
  readonly path: Path
  readonly min: number
  readonly max: number
  /** Where one less is refused: the other of two fields of which one bounds the other. */
  readonly below?: Path
  readonly with?: readonly [Path, Json][]
}

/** The lowest and highest value admitted at a place, by SPEC 4.4. */
const RANGES: readonly Range[] = [
  { path: ['parameters', 'originRound'], min: 0, max: 2 ** 52 },
  { path: ['parameters', 'originMs'], min: 0, max: Date.UTC(10_000, 0) - 1 },
  {
    path: ['parameters', 'roundMs'],
    min: 1301,
    max: 86_400_000,
    below: ['parameters', 'proposeAtMs'],
  },
  {
    path: ['parameters', 'attestByMs'],
    min: 800,
    max: 1300,
    below: [...target, 'timeoutMs'],
  },
  {
    path: ['parameters', 'proposeAtMs'],
    min: 1000,
    max: 1999,
    below: ['parameters', 'attestByMs'],
  },
  {
    path: ['parameters', 'viewTimeoutMs'],
    min: 50,
    max: 600_000,
    with: [[['parameters', 'viewTimeoutMsMax'], 600_000]],
  },
  { path: ['parameters', 'viewTimeoutMsMax'], min: 500, max: 600_000 },
  { path: ['parameters', 'roundsBehindMax'], min: 1, max: 1024 },
  { path: ['parameters', 'gapMax'], min: 1, max: 65_535 },
  { path: ['parameters', 'shards'], min: 1, max: 64 },
  { path: [...target, 'timeoutMs'], min: 50, max: 1000 },
  { path: [...target, 'signals', 0, 'scale'], min: 0, max: 18 },
  { path: [...target, 'policy', 'reachedMin'], min: 501, max: 1000 },
  { path: [...target, 'policy', 'failedMin'], min: 501, max: 1000 },
  { path: [...target, 'policy', 'fallRounds'], min: 1, max: 1000 },
  { path: [...target, 'policy', 'riseRounds'], min: 1, max: 1000 },
  { path: [...target, 'policy', 'regionsMin'], min: 0, max: 255 },
  { path: [...target, 'policy', 'networksMin'], min: 0, max: 255 },
  { path: [...target, 'policy', 'operatorsMin'], min: 0, max: 255 },
]

describe('the rules of manifests (SPEC 4.4)', () => {
  for (const { path, min, max, below = path, with: others = [] } of RANGES) {
    it(`${path.filter((step) => typeof step === 'string').join('.')} is ${min} to ${max}`, () => {
      const base = others.reduce((made, [at, value]) => withChange(made, at, value), json)
      assertAdmitted(withChange(base, path, min), `${min}`)
      assertAdmitted(withChange(base, path, max), `${max}`)
      assertRefused(withChange(base, path, min - 1), 'out-of-range', below, `${min - 1}`)
      assertRefused(withChange(base, path, max + 1), 'out-of-range', path, `${max + 1}`)
    })
  }

  it('rounds last at least 200 ms', () => {
    const short = (roundMs: number) => ({
      ...json,
      parameters: {
        ...(json['parameters'] as JsonObject),
        roundMs,
        attestByMs: 100,
        proposeAtMs: 150,
        targets: [],
      },
    })
    assertAdmitted(short(200), '200')
    assertRefused(short(199), 'out-of-range', ['parameters', 'roundMs'], '199')
  })

  it('attestByMs is above 0', () => {
    const at = withChange(
      withChange(json, ['parameters', 'targets'], []),
      ['parameters', 'attestByMs'],
      0,
    )
    assertRefused(at, 'out-of-range', ['parameters', 'attestByMs'], '0')
  })

  it('members are 1 to 256', () => {
    assertRefused({ ...json, committee: [] }, 'too-few', ['committee'], '0')
    assertAdmitted({ ...json, committee: [makeMemberJson('m1')] }, '1')
    const many = Array.from({ length: 257 }, (_, i) => makeMemberJson(`m${i}`))
    assertAdmitted({ ...json, committee: many.slice(0, 256) }, '256')
    assertRefused({ ...json, committee: many }, 'too-many', ['committee'], '257')
  })

  it('member ids are identifiers and unique', () => {
    const path = ['committee', 2, 'id']
    for (const id of ['', 'M3', '-m3', '_m3', '.m3', 'm 3', 'm/3', 'a'.repeat(65)]) {
      const code = id.length > 64 ? 'too-long' : 'not-an-identifier'
      assertRefused(withChange(json, path, id), code, path, id)
    }
    assertAdmitted(withChange(json, path, '0a.b_c-d'), 'all that an identifier may hold')
    assertAdmitted(withChange(json, path, 'a'.repeat(64)), '64 characters')
    assertRefused(withChange(json, path, 'm1'), 'duplicate', path, 'twice')
  })

  it('public keys are unique, canonical and of prime order (SPEC 2.4)', () => {
    const path = ['committee', 3, 'publicKey']
    assertRefused(withChange(json, path, KEY_OF_M1), 'duplicate', path, 'twice')
    for (const { name, publicKey, admissible } of listEdgeKeys()) {
      if (publicKey.length !== 32) continue
      const value = withChange(json, path, Buffer.from(publicKey).toString('hex'))
      if (admissible) assertAdmitted(value, name)
      else assertRefused(value, 'bad-key', path, name)
    }
  })

  it('weights are 1 to 2^32', () => {
    const weigh = (weight: number) => ({
      ...json,
      committee: ['m1', 'm2', 'm3', 'm4'].map((id) => makeMemberJson(id, weight)),
    })
    assertAdmitted(weigh(1), '1')
    assertAdmitted(weigh(2 ** 32), '2^32')
    for (const weight of [0, 2 ** 32 + 1]) {
      assertRefused(weigh(weight), 'out-of-range', ['committee', 0, 'weight'], `${weight}`)
    }
    // The heaviest committee there may be: far within 2^53.
    assert.ok(limits.membersMax * limits.weightMax <= Number.MAX_SAFE_INTEGER)
  })

  it('no member is heavier than f, unless f is 0', () => {
    const weigh = (...weights: number[]) => ({
      ...json,
      committee: weights.map((weight, index) => makeMemberJson(`m${index + 1}`, weight)),
    })
    // W = 10, f = 3.
    assertAdmitted(weigh(3, 3, 2, 2), 'as heavy as f')
    assertRefused(weigh(4, 2, 2, 2), 'heavy-member', ['committee', 0, 'weight'], 'by one heavier')
    // W = 3, f = 0.
    const parsed = parseManifest(weigh(1, 1, 1))
    assert.ok(parsed.ok)
    assert.deepEqual(
      parsed.warnings.map(({ code, path }) => [code, path]),
      [['heavy-member', ['committee']]],
    )
    const four = parseManifest(weigh(1, 1, 1, 1))
    assert.ok(four.ok)
    assert.deepEqual(four.warnings, [])
  })

  it('distinct regions are at most 64', () => {
    const spread = (regions: number) => ({
      ...json,
      committee: Array.from({ length: 65 }, (_, i) => ({
        ...makeMemberJson(`m${i}`),
        region: `r${i % regions}`,
      })),
    })
    assertAdmitted(spread(64), '64')
    assertRefused(spread(65), 'too-many', ['committee'], '65')
  })

  it('labels are printable ASCII of at most 64 characters', () => {
    for (const label of ['region', 'network', 'operator']) {
      const path = ['committee', 0, label]
      assertAdmitted(withChange(json, path, 'Frankfurt am Main (DE)'), label)
      assertRefused(withChange(json, path, 'Zürich'), 'not-text', path, label)
      assertRefused(withChange(json, path, 'a\n'), 'not-text', path, label)
      assertRefused(withChange(json, path, 'a'.repeat(65)), 'too-long', path, label)
    }
  })

  it('target ids, kinds, groups, providers and names of signals and identities are identifiers', () => {
    const places: Path[] = [
      [...target, 'id'],
      [...target, 'kind'],
      [...target, 'group'],
      [...target, 'provider'],
    ]
    for (const path of places) {
      assertAdmitted(withChange(json, path, 'evm-rpc'), path.join('.'))
      assertRefused(withChange(json, path, 'EVM rpc'), 'not-an-identifier', path, path.join('.'))
    }
    assertAdmitted(withChange(json, [...target, 'group'], ''), 'no group')
    assertRefused(
      withChange(json, [...target, 'kind'], ''),
      'not-an-identifier',
      [...target, 'kind'],
      'no kind',
    )
    const identities = [...target, 'identities']
    const named = withChange(json, identities, [{ name: 'Block Hash' }])
    assertRefused(named, 'not-an-identifier', [...identities, 0, 'name'], 'identity')
    const signals = [...target, 'signals']
    const signal = withChange(
      withChange(json, [...signals, 0, 'name'], 'The Latency'),
      [...target, 'policy', 'thresholds'],
      [],
    )
    assertRefused(signal, 'not-an-identifier', [...signals, 0, 'name'], 'signal')
  })

  it('target ids are unique, and so are the signals of a target and its identities', () => {
    assertRefused(
      withChange(json, [...target, 'id'], 'chain'),
      'duplicate',
      [...target, 'id'],
      'id',
    )
    const signal = { name: 'latency', unit: 'us', scale: 0, aggregate: 'median' }
    const signals = [...target, 'signals']
    assertRefused(
      withChange(json, signals, [signal, signal]),
      'duplicate',
      [...signals, 1, 'name'],
      'signal',
    )
    const identities = [...target, 'identities']
    const twice = withChange(json, identities, [{ name: 'hash' }, { name: 'hash' }])
    assertRefused(twice, 'duplicate', [...identities, 1, 'name'], 'identity')
    const same = withChange(json, identities, [{ name: 'latency' }])
    assertAdmitted(same, 'an identity named like a signal')
  })

  it('a shard exists and holds at most 1024 targets', () => {
    assertRefused(
      withChange(json, [...target, 'shard'], 1),
      'out-of-range',
      [...target, 'shard'],
      '1',
    )
    const sharded = withChange(json, ['parameters', 'shards'], 2)
    assertAdmitted(withChange(sharded, [...target, 'shard'], 1), '1 of 2')
    const many = Array.from({ length: 1025 }, (_, i) => makeTargetJson(`t${i}`))
    const targets = ['parameters', 'targets']
    assertAdmitted(withChange(json, targets, many.slice(0, 1024)), '1024')
    assertRefused(withChange(json, targets, many), 'too-many', [...targets, 1024, 'shard'], '1025')
    const halves = many.map((each, i) => ({ ...each, shard: i % 2 }))
    assertAdmitted(withChange(sharded, targets, halves), '1025 in two shards')
  })

  it('a threshold names a signal of its target', () => {
    const path = [...target, 'policy', 'thresholds', 0, 'signal']
    assertRefused(withChange(json, path, 'height'), 'bad-threshold', path, 'another signal')
  })

  it('clears a threshold at its bound or on the side where it does not hold', () => {
    const path = [...target, 'policy', 'thresholds', 0]
    const lagging = {
      ...makeTargetJson('web'),
      signals: [{ name: 'head', unit: 'blocks', scale: 0, aggregate: 'corroborated' }],
      group: 'chain',
    }
    const of = (op: string, clear: number) => {
      const signal = op === 'lag' ? 'head' : 'latency'
      const thresholds = [{ signal, [op]: -5, clear, severity: 'degraded' }]
      const base = op === 'lag' ? lagging : makeTargetJson('web')
      const policy = { ...(makeTargetJson('web')['policy'] as JsonObject), thresholds }
      return withChange(json, target, { ...base, policy })
    }
    for (const op of ['above', 'below', 'lag']) {
      const inwards = op === 'below' ? 1 : -1
      assertAdmitted(of(op, -5), `${op}, at the bound`)
      assertAdmitted(of(op, -5 + inwards), `${op}, within`)
      assertRefused(of(op, -5 - inwards), 'bad-clear', [...path, 'clear'], op)
    }
  })

  it('lag is measured only of a corroborated signal of a target with a group', () => {
    const lag = (aggregate: string, group: string) => {
      const signals = [{ name: 'head', unit: 'blocks', scale: 0, aggregate }]
      const thresholds = [{ signal: 'head', lag: 5, severity: 'degraded' }]
      const policy = { ...(makeTargetJson('web')['policy'] as JsonObject), thresholds }
      return withChange(json, target, { ...makeTargetJson('web'), signals, policy, group })
    }
    assertAdmitted(lag('corroborated', 'chain'), 'both')
    const path = [...target, 'policy', 'thresholds', 0, 'signal']
    assertRefused(lag('median', 'chain'), 'bad-threshold', path, 'a median')
    assertRefused(lag('corroborated', ''), 'bad-threshold', path, 'no group')
  })

  it('a group has at most 32 corroborated signals, since the state has no room for more', () => {
    const signal = (name: string) => ({ name, unit: '', scale: 0, aggregate: 'corroborated' })
    const make = (count: number) => {
      const signals = Array.from({ length: count }, (_, i) => signal(`s${i}`))
      const policy = { ...(makeTargetJson('web')['policy'] as JsonObject), thresholds: [] }
      const targets = [signals.slice(0, 32), signals.slice(32)].map((own, i) => ({
        ...makeTargetJson(`t${i}`),
        group: 'chain',
        signals: own,
        policy,
      }))
      return withChange(json, ['parameters', 'targets'], targets)
    }
    assertAdmitted(make(32), '32')
    assertRefused(make(33), 'too-many', ['parameters', 'targets'], '33')
  })

  it('groups are at most 4096, since the state has no room for more', () => {
    const { parameters } = makeNextEpoch(['m1'])
    const [first] = parameters.targets
    assert.ok(first !== undefined)
    const make = (count: number): Parameters => ({
      ...parameters,
      shards: 64,
      targets: Array.from(
        { length: count },
        (_, i): Target => ({
          ...first,
          id: fromText(`t${i}`),
          group: fromText(`g${i}`),
          shard: i % 64,
        }),
      ),
    })
    assert.deepEqual(checkParameters(make(4096)), [])
    assert.deepEqual(
      checkParameters(make(4097)).map(({ code, path }) => [code, path]),
      [['too-many', ['targets']]],
    )
  })
})

describe('the rules of what is handed over (SPEC 9.4)', () => {
  const { committee, parameters } = makeNextEpoch(['m1', 'm2', 'm3', 'm4'])

  function changeTarget(change: Partial<Target>): Parameters {
    return {
      ...parameters,
      targets: parameters.targets.map((each, i) => (i === 1 ? { ...each, ...change } : each)),
    }
  }

  function getCodes(problems: readonly Problem[]): string[] {
    return problems.map(({ code, path }) => `${path.join('.')}: ${code}`)
  }

  it('admit what a manifest would say', () => {
    assert.deepEqual(checkHandoverCommittee(committee), [])
    assert.deepEqual(checkHandoverParameters(parameters), [])
  })

  it('ask for the order that parsing makes (SPEC 4.3)', () => {
    const members = committee.members.toReversed()
    assert.deepEqual(checkCommittee({ members }), [])
    assert.ok(getCodes(checkHandoverCommittee({ members })).includes('1.id: unordered'))
    const targets = parameters.targets.toReversed()
    assert.deepEqual(getCodes(checkHandoverParameters({ ...parameters, targets })), [
      'targets.1.id: unordered',
    ])
  })

  it('refuse what no manifest can say: numbers of no meaning, texts that are none, params not canonical', () => {
    const [signal] = parameters.targets[1]?.signals ?? []
    const policy = parameters.targets[1]?.policy
    assert.ok(signal !== undefined && policy !== undefined)
    const threshold = { signal: 0, op: 1, value: 0n, clear: 0n, severity: 2 }
    const cases: [Parameters, string][] = [
      [
        changeTarget({ signals: [{ ...signal, aggregate: 3 }] }),
        'targets.1.signals.0.aggregate: unknown-name',
      ],
      [
        changeTarget({ signals: [{ ...signal, aggregate: 0 }] }),
        'targets.1.signals.0.aggregate: unknown-name',
      ],
      [
        changeTarget({ signals: [{ ...signal, unit: new Uint8Array([7]) }] }),
        'targets.1.signals.0.unit: not-text',
      ],
      [
        changeTarget({ policy: { ...policy, thresholds: [{ ...threshold, op: 4 }] } }),
        'targets.1.policy.thresholds.0.op: unknown-name',
      ],
      [
        changeTarget({ policy: { ...policy, thresholds: [{ ...threshold, severity: 3 }] } }),
        'targets.1.policy.thresholds.0.severity: unknown-name',
      ],
      [
        changeTarget({ policy: { ...policy, thresholds: [{ ...threshold, signal: 1 }] } }),
        'targets.1.policy.thresholds.0.signal: bad-threshold',
      ],
      [changeTarget({ params: fromText('{ }') }), 'targets.1.params: bad-params'],
      [changeTarget({ params: new Uint8Array() }), 'targets.1.params: bad-params'],
      [changeTarget({ id: new Uint8Array([0xff]) }), 'targets.1.id: not-an-identifier'],
    ]
    for (const [changed, expected] of cases) {
      assert.ok(getCodes(checkHandoverParameters(changed)).includes(expected), expected)
    }
    const members = committee.members.map((member) => ({ ...member, region: sha256(member.id) }))
    const found = getCodes(checkCommittee({ members } as Committee))
    assert.ok(found.includes('0.region: not-text'))
  })
})
