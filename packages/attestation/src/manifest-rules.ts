import { compareBytes, isText, toHex, toSigned, toText } from './bytes.ts'
import { aggregates, astrayNames, thresholdOps, verdicts } from './codes.ts'
import { getFaulty } from './epoch-context.ts'
import { limits } from './limits.ts'
import { decodeParams } from './params.ts'
import { makeProblem, type Problem, type ProblemCode } from './problem.ts'
import type { Committee, Parameters, Policy, Target, Threshold } from './schema.ts'
import { isAdmissibleKey } from './signatures.ts'

type Path = readonly (string | number)[]

const IDENTIFIER = /^[a-z0-9][a-z0-9._-]*$/
const DAY_MS = 86_400_000

/** Whether `bytes` are an identifier in the sense of SPEC 1. */
export function isIdentifier(bytes: Uint8Array): boolean {
  return IDENTIFIER.test(toText(bytes))
}

/**
 * The rules of SPEC 4.4.1 and 4.4.2, in whatever order the members stand. Paths begin with the
 * position of the member; an empty path means the whole committee.
 */
export function checkCommittee(committee: Committee): Problem[] {
  const { members } = committee
  const problems: Problem[] = []
  if (members.length < 1) problems.push(makeProblem([], 'too-few', 'at least 1 member'))
  const ids = new Set<string>()
  const keys = new Set<string>()
  for (const [index, member] of members.entries()) {
    problems.push(...checkId([index, 'id'], member.id, ids, 'member'))
    const key = toHex(member.publicKey)
    if (keys.has(key)) {
      problems.push(
        makeProblem([index, 'publicKey'], 'duplicate', 'a key no other member has', key),
      )
    }
    keys.add(key)
    if (!isAdmissibleKey(member.publicKey)) {
      const expected = 'the canonical encoding of an Ed25519 point of prime order'
      problems.push(makeProblem([index, 'publicKey'], 'bad-key', expected, key))
    }
    problems.push(...checkRange([index, 'weight'], member.weight, 1, limits.weightMax))
    for (const label of ['region', 'network', 'operator'] as const) {
      problems.push(...checkText([index, label], member[label]))
    }
  }
  // The sum cannot leave safe integers: 256 members of at most 2^32 weigh at most 2^40.
  const faulty = getFaulty(members.reduce((sum, { weight }) => sum + weight, 0))
  for (const [index, { weight }] of members.entries()) {
    if (faulty > 0 && weight > faulty) {
      const expected = `at most ${faulty}, the weight that may be faulty`
      problems.push(makeProblem([index, 'weight'], 'heavy-member', expected, weight))
    }
  }
  const regions = new Set(members.map(({ region }) => toHex(region)))
  if (regions.size > limits.regionsMax) {
    const expected = `at most ${limits.regionsMax} distinct regions`
    problems.push(makeProblem([], 'too-many', expected, regions.size))
  }
  return problems
}

/** The rules of SPEC 4.4.3 to 4.4.5, in whatever order the targets stand. Paths begin with a field. */
export function checkParameters(parameters: Parameters): Problem[] {
  const { targets, attestByMs, proposeAtMs, roundMs, viewTimeoutMs } = parameters
  const problems = [
    ...checkRange(['originRound'], parameters.originRound, 0, limits.originRoundMax),
    ...checkRange(['originMs'], parameters.originMs, 0, limits.originMsMax),
    ...checkRange(['roundMs'], roundMs, 200, DAY_MS),
    ...checkRange(['attestByMs'], attestByMs, 1, proposeAtMs, 'proposeAtMs'),
    ...checkRange(['proposeAtMs'], proposeAtMs, 1, roundMs - 1, 'roundMs less 1'),
    ...checkRange(['viewTimeoutMs'], viewTimeoutMs, 50, 600_000),
    ...checkRange(['viewTimeoutMsMax'], parameters.viewTimeoutMsMax, viewTimeoutMs, 600_000),
    ...checkRange(['roundsBehindMax'], parameters.roundsBehindMax, 1, 1024),
    ...checkRange(['gapMax'], parameters.gapMax, 1, 2 ** 16 - 1),
    ...checkRange(['shards'], parameters.shards, 1, limits.shardsMax),
  ]
  const ids = new Set<string>()
  const shardSizes = new Map<number, number>()
  for (const [index, target] of targets.entries()) {
    const path = ['targets', index]
    problems.push(...checkId([...path, 'id'], target.id, ids, 'target'))
    problems.push(...checkTarget(path, target, parameters))
    const size = (shardSizes.get(target.shard) ?? 0) + 1
    shardSizes.set(target.shard, size)
    if (size === limits.targetsPerShardMax + 1) {
      const expected = `at most ${limits.targetsPerShardMax} targets in a shard`
      problems.push(makeProblem([...path, 'shard'], 'too-many', expected, target.shard))
    }
  }
  return [...problems, ...checkGroups(targets)]
}

/** {@link checkCommittee}, and the order of SPEC 4.3: for a committee that comes encoded. */
export function checkHandoverCommittee(committee: Committee): Problem[] {
  return [...checkOrder([], committee.members), ...checkCommittee(committee)]
}

/** {@link checkParameters}, and the order of SPEC 4.3: for parameters that come encoded. */
export function checkHandoverParameters(parameters: Parameters): Problem[] {
  return [...checkOrder(['targets'], parameters.targets), ...checkParameters(parameters)]
}

function checkOrder(path: Path, items: readonly { readonly id: Uint8Array }[]): Problem[] {
  return items.flatMap(({ id }, index) => {
    const previous = items[index - 1]
    return previous !== undefined && compareBytes(previous.id, id) >= 0
      ? [makeProblem([...path, index, 'id'], 'unordered', 'ids in ascending order', toText(id))]
      : []
  })
}

function checkTarget(path: Path, target: Target, parameters: Parameters): Problem[] {
  const { shards, attestByMs } = parameters
  const problems = [
    ...checkIdentifier([...path, 'kind'], target.kind),
    ...(target.group.length === 0 ? [] : checkIdentifier([...path, 'group'], target.group)),
    ...(target.provider.length === 0
      ? []
      : checkIdentifier([...path, 'provider'], target.provider)),
    ...checkRange([...path, 'shard'], target.shard, 0, shards - 1, 'shards less 1'),
    ...checkRange([...path, 'timeoutMs'], target.timeoutMs, 50, attestByMs, 'attestByMs'),
  ]
  if (decodeParams(target.params) === undefined) {
    const expected = 'canonical JSON of an object'
    problems.push(makeProblem([...path, 'params'], 'bad-params', expected, toText(target.params)))
  }
  const names = new Set<string>()
  for (const [index, signal] of target.signals.entries()) {
    const at = [...path, 'signals', index]
    problems.push(...checkId([...at, 'name'], signal.name, names, 'signal of this target'))
    problems.push(...checkText([...at, 'unit'], signal.unit))
    problems.push(...checkRange([...at, 'scale'], signal.scale, 0, 18))
    problems.push(...checkCode([...at, 'aggregate'], signal.aggregate, Object.values(aggregates)))
  }
  const identities = new Set<string>()
  for (const [index, { name }] of target.identities.entries()) {
    const at = [...path, 'identities', index, 'name']
    problems.push(...checkId(at, name, identities, 'identity of this target'))
  }
  return [...problems, ...checkPolicy([...path, 'policy'], target.policy, target)]
}

function checkPolicy(path: Path, policy: Policy, target: Target): Problem[] {
  return [
    ...checkRange([...path, 'reachedMin'], policy.reachedMin, 501, 1000),
    ...checkRange([...path, 'failedMin'], policy.failedMin, 501, 1000),
    ...checkRange([...path, 'fallRounds'], policy.fallRounds, 1, 1000),
    ...checkRange([...path, 'riseRounds'], policy.riseRounds, 1, 1000),
    ...checkCode([...path, 'astray'], policy.astray, Object.values(astrayNames)),
    ...policy.thresholds.flatMap((threshold, index) =>
      checkThreshold([...path, 'thresholds', index], threshold, target),
    ),
  ]
}

function checkThreshold(path: Path, threshold: Threshold, target: Target): Problem[] {
  const { op, severity, signal: index } = threshold
  const problems = [
    ...checkCode([...path, 'op'], op, Object.values(thresholdOps)),
    ...checkCode([...path, 'severity'], severity, [verdicts.degraded, verdicts.down]),
  ]
  const signal = target.signals[index]
  if (signal === undefined) {
    const expected = 'a signal of this target'
    problems.push(makeProblem([...path, 'signal'], 'bad-threshold', expected, index))
  } else if (
    op === thresholdOps.lag &&
    (signal.aggregate !== aggregates.corroborated || target.group.length === 0)
  ) {
    const expected = 'lag only of a corroborated signal of a target with a group'
    problems.push(makeProblem([...path, 'signal'], 'bad-threshold', expected, toText(signal.name)))
  }
  return [...problems, ...checkClear([...path, 'clear'], threshold)]
}

/** On the side of the bound where the threshold does not hold, or on the bound (SPEC 4.4.5). */
function checkClear(path: Path, { op, value, clear }: Threshold): Problem[] {
  const [bound, back] = [toSigned(value), toSigned(clear)]
  const isBelow = op === thresholdOps.below
  if (isBelow ? back >= bound : back <= bound) return []
  const expected = `at ${isBelow ? 'least' : 'most'} the bound, ${bound}`
  return [makeProblem(path, 'bad-clear', expected, back)]
}

/** What the lists of the state can hold: groups, and heads in each (SPEC 4.4.4). */
function checkGroups(targets: readonly Target[]): Problem[] {
  const heads = new Map<string, Set<string>>()
  const kinds = new Map<string, Set<string>>()
  for (const { group, signals } of targets) {
    if (group.length === 0) continue
    const names = heads.get(toText(group)) ?? new Set()
    const all = kinds.get(toText(group)) ?? new Set()
    heads.set(toText(group), names)
    kinds.set(toText(group), all)
    for (const { name, unit, scale, aggregate } of signals) {
      if (aggregate === aggregates.corroborated) names.add(toText(name))
      all.add(`${toText(name)} ${scale} ${toText(unit)}`)
    }
  }
  const problems: Problem[] = []
  if (heads.size > limits.groupsMax) {
    const expected = `at most ${limits.groupsMax} groups`
    problems.push(makeProblem(['targets'], 'too-many', expected, heads.size))
  }
  for (const [group, names] of heads) {
    if (names.size > limits.signalsMax) {
      const expected = `at most ${limits.signalsMax} corroborated signals in group ${group}`
      problems.push(makeProblem(['targets'], 'too-many', expected, names.size))
    }
  }
  for (const [group, all] of kinds) {
    if (all.size > limits.groupSignalsMax) {
      const expected = `at most ${limits.groupSignalsMax} distinct signals in group ${group}`
      problems.push(makeProblem(['targets'], 'too-many', expected, all.size))
    }
  }
  return problems
}

function checkId(path: Path, id: Uint8Array, seen: Set<string>, what: string): Problem[] {
  const text = toText(id)
  const isTaken = seen.has(text)
  seen.add(text)
  return [
    ...checkIdentifier(path, id),
    ...(isTaken ? [makeProblem(path, 'duplicate', `a name that no other ${what} has`, text)] : []),
  ]
}

function checkIdentifier(path: Path, bytes: Uint8Array): Problem[] {
  if (isIdentifier(bytes)) return []
  const expected = 'an identifier: [a-z0-9][a-z0-9._-]*'
  return [makeProblem(path, 'not-an-identifier', expected, toText(bytes))]
}

function checkText(path: Path, bytes: Uint8Array): Problem[] {
  return isText(bytes) ? [] : [makeProblem(path, 'not-text', 'printable ASCII', toText(bytes))]
}

function checkRange(path: Path, value: number, min: number, max: number, named = ''): Problem[] {
  if (value >= min && value <= max) return []
  const expected = `an integer from ${min} to ${max}${named === '' ? '' : `, ${named}`}`
  return [makeProblem(path, 'out-of-range', expected, value)]
}

function checkCode(path: Path, value: number, allowed: readonly number[]): Problem[] {
  const code: ProblemCode = 'unknown-name'
  return allowed.includes(value)
    ? []
    : [makeProblem(path, code, `one of ${allowed.join(', ')}`, value)]
}
