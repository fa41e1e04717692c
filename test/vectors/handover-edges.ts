import assert from 'node:assert/strict'
import {
  type Committee,
  fromText,
  getPublicKey,
  type Parameters,
  type SignalDef,
  type Target,
  type Threshold,
  toBits,
} from '@watchfire/attestation'
import {
  makeNextEpoch,
  makeSecret,
} from '../../packages/attestation/test/support/network-fixture.ts'
import { networks } from './networks.ts'

/** What a hand-over installs, and whether SPEC 4.4 and 4.3 let it. Verdicts are set by hand. */
export interface HandoverEdge {
  readonly name: string
  readonly committee: Committee
  readonly parameters: Parameters
  /** Which of the two the edge is about; the other is in order. */
  readonly changes: 'Committee' | 'Parameters'
  readonly isAdmitted: boolean
}

const [first, ...others] = networks.full.parameters.targets
assert.ok(first !== undefined)
const target: Target = { ...first, timeoutMs: 50, shard: 0 }
const rest: Target[] = others.map((each) => ({ ...each, timeoutMs: 50, shard: 1 }))
/** As short as can be, so that each limit can be met without another being broken. */
const parameters: Parameters = {
  ...networks.full.parameters,
  attestByMs: 60,
  proposeAtMs: 70,
  targets: [target, ...rest],
}
const { committee } = makeNextEpoch(['m2', 'm3', 'm4', 'm5'])

/** Pairs of what is just admitted and what just is not, for each rule of SPEC 4.4. */
export function listHandoverEdges(): HandoverEdge[] {
  return [...listTimes(), ...listTargets(), ...listSignals(), ...listPolicies(), ...listMembers()]
}

function edge(isAdmitted: boolean, name: string, changes: Partial<Parameters>): HandoverEdge {
  const changed = { ...parameters, ...changes }
  return { isAdmitted, name, changes: 'Parameters', committee, parameters: changed }
}

/** One edge for each value of the two lists. */
function edges<T>(
  name: string,
  good: readonly T[],
  bad: readonly T[],
  change: (value: T) => Partial<Parameters>,
): HandoverEdge[] {
  const of = (isAdmitted: boolean) => (value: T) =>
    edge(isAdmitted, `${name} ${String(value)}`, change(value))
  return [...good.map(of(true)), ...bad.map(of(false))]
}

function listTimes(): HandoverEdge[] {
  const of = (name: keyof Parameters, good: number[], bad: number[]) =>
    edges(name, good, bad, (value) => ({ [name]: value }))
  return [
    ...of('originRound', [0, 2 ** 52], [2 ** 52 + 1, 2 ** 53 - 1]),
    ...of('originMs', [0, 253_402_300_799_999], [253_402_300_800_000, 2 ** 53 - 1]),
    ...of('roundMs', [200, 86_400_000], [199, 86_400_001]),
    ...of('attestByMs', [50, 70], [49, 71]),
    ...of('proposeAtMs', [60, 1999], [59, 2000]),
    ...of('viewTimeoutMs', [50, 60_000], [49, 60_001]),
    ...of('viewTimeoutMsMax', [500, 600_000], [499, 600_001]),
    ...of('roundsBehindMax', [1, 1024], [0, 1025]),
    ...of('gapMax', [1, 65_535], [0]),
    ...of('shards', [2, 64], [0, 1, 65]),
  ]
}

function withTarget(changes: Partial<Target>): Partial<Parameters> {
  return { targets: [{ ...target, ...changes }, ...rest] }
}

function listTargets(): HandoverEdge[] {
  const texts = (
    name: 'kind' | 'group' | 'provider' | 'id' | 'params',
    good: string[],
    bad: string[],
  ) =>
    edges(name, good, bad, (text) =>
      withTarget({ [name]: Uint8Array.from(Buffer.from(text, 'latin1')) }),
    )
  const many = (count: number, perShard: number, groups: boolean): Partial<Parameters> => ({
    shards: 64,
    targets: Array.from({ length: count }, (_, index) => ({
      ...target,
      id: fromText(`t${String(index).padStart(5, '0')}`),
      group: fromText(groups ? `g${index}` : 'g'),
      shard: Math.floor(index / perShard),
    })),
  })
  return [
    ...edges('timeoutMs', [50, 60], [49, 61], (timeoutMs) => withTarget({ timeoutMs })),
    ...edges('shard', [0, 1], [2], (shard) => withTarget({ shard })),
    ...texts('id', ['a', 'r', '0'], ['', 'z', 'rpc-b', 'A', '-a', 'a b', '\u00e9']),
    ...texts('kind', ['a', 'a._-9'], ['', '-a', '.a', '_a', 'A', 'a\n', '\u00e9']),
    ...texts('group', ['g'], ['', 'G', ' g', '-g']),
    ...texts('provider', ['', 'p'], ['P', '.p', 'p ']),
    ...texts(
      'params',
      ['{}', '{"a":-1}'],
      ['', '[]', '{ }', '{"a":-0}', '{"a":1e1}', '{"a":01}', '\u00ff'],
    ),
    edge(true, 'no targets', { targets: [] }),
    edge(true, '1024 targets in a shard', many(1024, 1024, false)),
    edge(false, '1025 targets in a shard', many(1025, 1025, false)),
    edge(true, '4096 groups', many(4096, 1024, true)),
    edge(false, '4097 groups', many(4097, 1024, true)),
  ]
}

function listSignals(): HandoverEdge[] {
  const [median, head] = target.signals
  assert.ok(median !== undefined && head !== undefined)
  const withSignal = (changes: Partial<SignalDef>) =>
    withTarget({ signals: [{ ...median, ...changes }, head] })
  const names = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ ...head, name: fromText(`n${from + index}`) }))
  const heads = (count: number): Partial<Parameters> => ({
    targets: [target, ...rest].map((each, index) => ({
      ...each,
      policy: { ...each.policy, thresholds: [] },
      signals: names(index === 0 ? 16 : count - 15, index === 0 ? 0 : 15),
    })),
  })
  const identity = (...given: string[]) => given.map((name) => ({ name: fromText(name) }))
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
  return [
    ...edges('scale', [0, 18], [19, 255], (scale) => withSignal({ scale })),
    ...edges('aggregate', [1, 2], [0, 3], (aggregate) => withSignal({ aggregate })),
    ...edges('unit', ['', ' ~'], ['\u007f', '\u001f', '\u0080'], (unit) =>
      withSignal({ unit: bytes(unit) }),
    ),
    ...edges('signal', ['a'], ['', 'head', 'A'], (name) => withSignal({ name: bytes(name) })),
    ...edges('identities', [['a', 'b'], []], [['a', 'a'], ['A'], ['']], (given) =>
      withTarget({ identities: identity(...given) }),
    ),
    edge(true, '32 heads in a group', heads(32)),
    edge(false, '33 heads in a group', heads(33)),
  ]
}

function listPolicies(): HandoverEdge[] {
  const of = (name: keyof Target['policy'], good: number[], bad: number[]) =>
    edges(name, good, bad, (value) => withTarget({ policy: { ...target.policy, [name]: value } }))
  const plain: Threshold = { signal: 1, op: 1, value: 0n, clear: 0n, severity: 2 }
  const withThreshold = (changes: Partial<Threshold>) =>
    withTarget({ policy: { ...target.policy, thresholds: [{ ...plain, ...changes }] } })
  return [
    ...of('reachedMin', [501, 1000], [500, 1001]),
    ...of('failedMin', [501, 1000], [500, 1001]),
    ...of('fallRounds', [1, 1000], [0, 1001]),
    ...of('riseRounds', [1, 1000], [0, 1001]),
    ...of('regionsMin', [0, 255], []),
    ...edges('threshold of signal', [0, 1], [2, 255], (signal) => withThreshold({ signal })),
    ...edges('op', [1, 2, 3], [0, 4], (op) => withThreshold({ op })),
    ...edges('severity', [2, 4], [0, 1, 3, 5], (severity) => withThreshold({ severity })),
    ...[1, 3].flatMap((op) =>
      edges(
        `clear of op ${op}`,
        [0n, toBits(-1n), 1n << 63n],
        [1n, (1n << 63n) - 1n],
        (clear: bigint) => withThreshold({ op, clear }),
      ),
    ),
    ...edges('clear of below', [0n, 1n], [toBits(-1n), 1n << 63n], (clear: bigint) =>
      withThreshold({ op: 2, clear }),
    ),
    edge(false, 'lag of a median', withThreshold({ signal: 0, op: 3 })),
  ]
}

function listMembers(): HandoverEdge[] {
  const of = (isAdmitted: boolean, name: string, members: Committee['members']): HandoverEdge => ({
    isAdmitted,
    name,
    changes: 'Committee',
    committee: { members },
    parameters,
  })
  const weigh = (...weights: number[]) =>
    committee.members.map((member, index) => ({ ...member, weight: weights[index] ?? 1 }))
  const label = (name: 'region' | 'network' | 'operator', text: string) =>
    committee.members.map((member, index) =>
      index === 0 ? { ...member, [name]: Uint8Array.from(Buffer.from(text, 'latin1')) } : member,
    )
  const labels = (['region', 'network', 'operator'] as const).flatMap((name) => [
    of(true, `${name} of blanks`, label(name, ' ~')),
    of(false, `${name} of no text`, label(name, '\u007f')),
  ])
  const regions = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: fromText(`m${index + 100}`),
      publicKey: getPublicKey(makeSecret(`m${index + 100}`)),
      weight: 1,
      region: fromText(index === 0 ? '' : `r${index}`),
      network: fromText(''),
      operator: fromText(''),
    }))
  const full = 2 ** 32
  return [
    of(true, 'one member', committee.members.slice(0, 1)),
    of(true, 'three members, of whom none may fail', weigh(1, 1, 1).slice(0, 3)),
    of(false, 'no members', []),
    of(true, 'weights of 2^32', weigh(full, full, full, full)),
    of(false, 'weights above 2^32', weigh(full + 1, full + 1, full + 1, full + 1)),
    of(false, 'a weight of 0', weigh(1, 0, 1, 1)),
    of(false, 'a member heavier than f', weigh(1, 1, 2, 1)),
    of(true, 'a member as heavy as f', weigh(2, 2, 2, 1)),
    of(false, 'a key twice', [
      ...committee.members.slice(0, 3),
      ...committee.members.slice(0, 1).map((member) => ({ ...member, id: fromText('m9') })),
    ]),
    of(true, '64 regions', regions(64)),
    of(false, '65 regions', regions(65)),
    ...labels,
  ]
}
