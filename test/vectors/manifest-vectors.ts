import {
  committeeType,
  getCommitteeHash,
  getNetworkId,
  getParametersHash,
  getPublicKey,
  type Manifest,
  manifestType,
  parametersType,
  parseManifest,
  toHex,
} from '@watchfire/attestation'
import { listEdgeKeys } from '../../packages/attestation/test/support/edge-signatures.ts'
import {
  type Json,
  type JsonObject,
  makeManifestJson,
  makeMemberJson,
  makeSecret,
  makeTargetJson,
  withChange,
} from '../../packages/attestation/test/support/network-fixture.ts'
import { makeFullManifestJson, makeWeightedManifestJson, networkJson } from './networks.ts'
import { hexOf, type VectorFile, type VectorValue } from './vector-values.ts'

type Path = readonly (string | number)[]

const base = makeManifestJson()
const target: Path = ['parameters', 'targets', 1]
const policy: Path = [...target, 'policy']

/** Manifests, what they encode to, and those that are refused, with the field each is refused for. */
export const manifestVectors: VectorFile = {
  name: 'manifests',
  make: () => ({
    accepted: listAccepted().map(([name, value]) => makeAccepted(name, value)),
    rejected: listRejected().map(([name, value, code, path]) => ({ name, value, code, path })),
  }),
}

function makeAccepted(name: string, value: Json): VectorValue {
  const parsed = parseManifest(value)
  if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.problems)}`)
  const manifest: Manifest = parsed.manifest
  const { committee, parameters } = manifest
  return {
    name,
    value,
    ssz: hexOf(manifestType, manifest),
    networkId: toHex(getNetworkId(manifest)),
    committee: { ssz: hexOf(committeeType, committee), hash: toHex(getCommitteeHash(committee)) },
    parameters: {
      ssz: hexOf(parametersType, parameters),
      hash: toHex(getParametersHash(parameters)),
    },
    warnings: parsed.warnings.map(({ code }) => code),
  }
}

function listAccepted(): [string, Json][] {
  const full = makeFullManifestJson()
  const targets = ['b', 'a.b', 'a-b', 'a', 'a_b', '0'].map(makeTargetJson)
  return [
    ['four members, two targets, every default', base],
    ['everything a manifest can say, in another order than the encoding', full],
    ['members of several weights', makeWeightedManifestJson()],
    ['another name, so another network', { ...base, name: 'other' }],
    ['one member, who may not fail', { ...base, committee: [makeMemberJson('m1')] }],
    ['no targets', withChange(base, ['parameters', 'targets'], [])],
    ['targets sorted by bytes', withChange(base, ['parameters', 'targets'], targets)],
    [
      'a public key in upper case',
      withChange(
        base,
        ['committee', 0, 'publicKey'],
        toHex(getPublicKey(makeSecret('m1'))).toUpperCase(),
      ),
    ],
    [
      'thresholds at the edges of 64 bits',
      withChange(
        base,
        [...policy, 'thresholds'],
        [
          { signal: 'latency', above: '9223372036854775807', severity: 'down' },
          { signal: 'latency', below: '-9223372036854775808', severity: 'degraded' },
          { signal: 'latency', above: 9_007_199_254_740_991, severity: 'down' },
          { signal: 'latency', above: 5, clear: '-9223372036854775808', severity: 'down' },
          { signal: 'latency', below: 5, clear: 6, severity: 'down' },
          { signal: 'latency', below: -5, clear: -5, severity: 'down' },
        ],
      ),
    ],
    ['the latest origin there can be', networkJson.late],
    ['params nested 8 deep', withChange(base, [...target, 'params'], nest(8))],
    ['params of 4096 bytes', withChange(base, [...target, 'params'], { a: 'x'.repeat(4088) })],
  ]
}

function nest(levels: number): Json {
  return levels === 0 ? 1 : { a: nest(levels - 1) }
}

function listRejected(): [string, Json, string, (string | number)[]][] {
  const at = (
    name: string,
    path: Path,
    value: Json | undefined,
    code: string,
    where: Path = path,
  ): [string, Json, string, (string | number)[]] => [
    name,
    withChange(base, path, value),
    code,
    [...where],
  ]
  const number = (path: Path, value: number, where: Path = path) =>
    at(
      `${path.filter((step) => typeof step === 'string').join('.')} is ${value}`,
      path,
      value,
      'out-of-range',
      where,
    )
  const parameter = (name: string) => ['parameters', name]
  const twice = { name: 'latency', unit: 'us', scale: 0, aggregate: 'median' }
  return [
    ['not an object', [], 'wrong-type', []],
    at('no members', ['committee'], [], 'too-few'),
    at('a member id that is no identifier', ['committee', 1, 'id'], 'M2', 'not-an-identifier'),
    at('a member id twice', ['committee', 1, 'id'], 'm1', 'duplicate'),
    at(
      'a public key twice',
      ['committee', 1, 'publicKey'],
      makeMemberJson('m1')['publicKey'],
      'duplicate',
    ),
    ...listEdgeKeys()
      .filter(({ admissible, publicKey }) => !admissible && publicKey.length === 32)
      .map(({ name, publicKey }) =>
        at(`a public key: ${name}`, ['committee', 2, 'publicKey'], toHex(publicKey), 'bad-key'),
      ),
    at('a public key of 31 bytes', ['committee', 0, 'publicKey'], 'ab'.repeat(31), 'not-hex'),
    number(['committee', 3, 'weight'], 0),
    at('weight 1.5', ['committee', 3, 'weight'], 1.5, 'out-of-range'),
    [
      'weights above 2^32',
      { ...base, committee: ['m1', 'm2', 'm3', 'm4'].map((id) => makeMemberJson(id, 2 ** 32 + 1)) },
      'out-of-range',
      ['committee', 0, 'weight'],
    ],
    at('a member heavier than f', ['committee', 0, 'weight'], 2, 'heavy-member'),
    at('a region that is no text', ['committee', 0, 'region'], 'Zürich', 'not-text'),
    at('a region of 65 characters', ['committee', 0, 'region'], 'r'.repeat(65), 'too-long'),
    number(parameter('roundMs'), 86_400_001),
    number(parameter('attestByMs'), 1301),
    number(parameter('proposeAtMs'), 2000),
    number(parameter('proposeAtMs'), 999, parameter('attestByMs')),
    number(parameter('viewTimeoutMs'), 49),
    number(parameter('viewTimeoutMsMax'), 499),
    number(parameter('viewTimeoutMsMax'), 600_001),
    number(parameter('roundsBehindMax'), 0),
    number(parameter('roundsBehindMax'), 1025),
    number(parameter('gapMax'), 0),
    number(parameter('gapMax'), 65_536),
    number(parameter('shards'), 0),
    number(parameter('shards'), 65),
    number(parameter('originRound'), 2 ** 52 + 1),
    number(parameter('originMs'), 253_402_300_800_000),
    at('originMs above 2^53 - 1', parameter('originMs'), 2 ** 53, 'out-of-range'),
    at('originMs missing', parameter('originMs'), undefined, 'missing'),
    at('an unknown field', parameter('colour'), 'red', 'unknown-field'),
    at('a target id twice', [...target, 'id'], 'chain', 'duplicate'),
    at('a kind that is no identifier', [...target, 'kind'], '', 'not-an-identifier'),
    at('a group that is no identifier', [...target, 'group'], 'Chain 1', 'not-an-identifier'),
    number([...target, 'shard'], 1),
    number([...target, 'timeoutMs'], 49),
    number([...target, 'timeoutMs'], 1001),
    at('a signal twice', [...target, 'signals'], [twice, twice], 'duplicate', [
      ...target,
      'signals',
      1,
      'name',
    ]),
    number([...target, 'signals', 0, 'scale'], 19),
    at('an aggregate that is none', [...target, 'signals', 0, 'aggregate'], 'mean', 'unknown-name'),
    at(
      'an identity twice',
      [...target, 'identities'],
      [{ name: 'hash' }, { name: 'hash' }],
      'duplicate',
      [...target, 'identities', 1, 'name'],
    ),
    at('params with a fraction', [...target, 'params'], { a: 0.5 }, 'bad-params', [
      ...target,
      'params',
      'a',
    ]),
    at('params that are a list', [...target, 'params'], [], 'wrong-type'),
    at('params of 4097 bytes', [...target, 'params'], { a: 'x'.repeat(4089) }, 'bad-params', [
      ...target,
      'params',
    ]),
    at('params nested 9 deep', [...target, 'params'], nest(9), 'bad-params', [
      ...target,
      'params',
      ...Array.from({ length: 8 }, () => 'a'),
    ]),
    number([...policy, 'reachedMin'], 500),
    number([...policy, 'reachedMin'], 1001),
    number([...policy, 'failedMin'], 500),
    number([...policy, 'failedMin'], 1001),
    number([...policy, 'fallRounds'], 0),
    number([...policy, 'fallRounds'], 1001),
    number([...policy, 'riseRounds'], 0),
    number([...policy, 'riseRounds'], 1001),
    at(
      'a threshold of no signal',
      [...policy, 'thresholds', 0, 'signal'],
      'height',
      'bad-threshold',
    ),
    at(
      'a threshold of severity disputed',
      [...policy, 'thresholds', 0, 'severity'],
      'disputed',
      'unknown-name',
    ),
    at(
      'a threshold with two comparisons',
      [...policy, 'thresholds', 0, 'below'],
      1,
      'bad-threshold',
      [...policy, 'thresholds', 0],
    ),
    at(
      'a threshold beyond 64 bits',
      [...policy, 'thresholds', 0, 'above'],
      '9223372036854775808',
      'out-of-range',
    ),
    at(
      'a clear above the bound of above',
      [...policy, 'thresholds', 0, 'clear'],
      500_001,
      'bad-clear',
    ),
    at(
      'a clear below the bound of below',
      [...policy, 'thresholds', 0],
      { signal: 'latency', below: 5, clear: 4, severity: 'down' },
      'bad-clear',
      [...policy, 'thresholds', 0, 'clear'],
    ),
    at('a clear of no number', [...policy, 'thresholds', 0, 'clear'], null, 'wrong-type'),
    at(
      'lag of a median',
      [...policy, 'thresholds'],
      [{ signal: 'latency', lag: 5, severity: 'degraded' }],
      'bad-threshold',
      [...policy, 'thresholds', 0, 'signal'],
    ),
    at('format 2', ['format'], 2, 'out-of-range'),
    at('protocol 2', ['protocol'], 2, 'out-of-range'),
    at('an empty name', ['name'], '', 'too-few'),
    at('a feature twice', ['features'], ['a', 'a'], 'duplicate', ['features', 1]),
    [
      '257 members',
      {
        ...base,
        committee: Array.from({ length: 257 }, (_, i) => ({ id: `m${i}` })),
      } satisfies JsonObject,
      'too-many',
      ['committee'],
    ],
  ]
}
