import type { GroupState, Parameters, TargetState } from '@watchfire/attestation'
import { text } from './own-wire.ts'

// SPEC 7.6 and 7.11 a second time, plainly: every pair of targets is looked at, every name looked up
// anew, and every sum is a bigint.

const HEIGHT = 1
const CHAIN_IDENTITIES = ['block-hash', 'finalized-root']
const SAFE_MAX = 2n ** 53n - 1n
const [ADVANCING, STILL, FORKED, NOBODY_KNOWS] = [1, 2, 3, 4]

type Blocks = TargetState['blocks']

/** The heights kept of a target, given those that its parent's state counts with. */
export function keepOwnBlocks(
  parameters: Parameters,
  index: number,
  agreed: Pick<TargetState, 'referenceKind' | 'reference' | 'identities'>,
  before: Blocks,
): Blocks {
  const target = parameters.targets[index]
  if (target === undefined || text(target.group) === '') return before
  if (agreed.referenceKind !== HEIGHT) return before
  const identities: Blocks[number]['identities'] = []
  for (const identity of agreed.identities) {
    const name = text(target.identities[identity.index]?.name ?? new Uint8Array())
    if (CHAIN_IDENTITIES.includes(name))
      identities.push({ index: identity.index, value: identity.value })
  }
  if (identities.length === 0) return before
  const kept: Blocks = [{ height: agreed.reference, identities }]
  for (const block of before)
    if (block.height !== agreed.reference && kept.length < 2) kept.push(block)
  return kept
}

interface Word {
  readonly target: number
  readonly height: number
  readonly value: string
}

/** Targets found off or on, and the forks of each group by its id. */
export function compareOwn(
  parameters: Parameters,
  blocks: readonly Blocks[],
): {
  readonly judged: ReadonlyMap<number, boolean>
  readonly forks: Map<string, GroupState['forks']>
} {
  const judged = new Map<number, boolean>()
  const forks = new Map<string, GroupState['forks']>()
  for (const group of new Set(parameters.targets.map((target) => text(target.group)))) {
    for (const name of CHAIN_IDENTITIES) {
      const words = listWords(parameters, blocks, group, name)
      let top: GroupState['forks'][number] | undefined
      for (const word of words) {
        const others = words.filter(({ target }) => target !== word.target)
        const isCompared = ({ height }: Word) => others.some((other) => other.height === height)
        const mine = words.filter(({ target }) => target === word.target).filter(isCompared)
        // Only the greatest height at which it is compared counts.
        if (!mine.includes(word) || mine.some(({ height }) => height > word.height)) continue
        const there = words.filter(({ height }) => height === word.height)
        const most = there.find(
          ({ value }) => 2 * there.filter((each) => each.value === value).length > there.length,
        )
        const isOff = most?.value !== word.value
        judged.set(word.target, judged.get(word.target) === true || isOff)
        if (isOff && word.height >= (top?.height ?? 0))
          top = {
            identity: bytes(name),
            height: word.height,
            majority: most === undefined ? [] : [Uint8Array.from(Buffer.from(most.value, 'hex'))],
          }
      }
      if (top !== undefined) forks.set(group, [...(forks.get(group) ?? []), top])
    }
  }
  return { judged, forks }
}

function listWords(
  parameters: Parameters,
  blocks: readonly Blocks[],
  group: string,
  name: string,
): Word[] {
  return parameters.targets.flatMap((target, index) =>
    group === '' || text(target.group) !== group
      ? []
      : (blocks[index] ?? []).flatMap(({ height, identities }) =>
          identities
            .filter(
              (each) => text(target.identities[each.index]?.name ?? new Uint8Array()) === name,
            )
            .map(({ value }) => ({
              target: index,
              height,
              value: Buffer.from(value).toString('hex'),
            })),
        ),
  )
}

/** A head as agreed on in a block, its value signed. */
export interface OwnHead {
  readonly weight: bigint
  readonly value: bigint
}

interface OwnRound {
  readonly round: number
  readonly isLost: boolean
}

/** The group after a block, from SPEC 7.11 alone. */
export function computeOwnGroup(
  parameters: Parameters,
  id: string,
  before: GroupState | undefined,
  heads: ReadonlyMap<string, OwnHead>,
  forks: GroupState['forks'],
  targets: readonly TargetState[],
  { round, isLost }: OwnRound,
): GroupState {
  const unit = (name: string) => defineHead(parameters, id, name)
  const roundUs = BigInt(parameters.roundMs) * 1000n
  const paces = new Map<string, GroupState['paces'][number]>()
  if (!isLost) for (const pace of before?.paces ?? []) paces.set(text(pace.name), pace)
  for (const [name, { value }] of heads)
    paces.set(name, move(name, paces.get(name), round, value, unit(name).scale, roundUs))
  let standing = NOBODY_KNOWS
  for (const name of heads.keys()) {
    const pace = paces.get(name)
    if (pace === undefined) continue
    const rounds = round - pace.last.round
    const isLate = rounds > 16 && BigInt(rounds) * roundUs > 10n * BigInt(pace.intervalUs)
    if (!isLate && pace.intervalUs > 0) standing = ADVANCING
    else if (isLate && standing !== ADVANCING) standing = STILL
  }
  const own = targets.filter(
    (_, index) => text(parameters.targets[index]?.group ?? bytes('')) === id,
  )
  if (own.some(({ astray }) => astray === 1)) standing = FORKED
  return {
    id: bytes(id),
    standing: standing ?? 0,
    since: (before?.standing === standing ? before?.since : round) as GroupState['since'],
    heads: [...heads].map(([name, { weight, value }]) => {
      const like = [...heads].filter(([other]) => unit(other).key === unit(name).key)
      const front = like.reduce((a, b) => (b[1].value > a[1].value ? b : a))
      const intervalUs = BigInt(paces.get(front[0])?.intervalUs ?? 0)
      const behind = ((front[1].value - value) * intervalUs) / (1000n * unit(name).ones)
      return {
        name: bytes(name),
        weight: Number(weight),
        value: BigInt.asUintN(64, value),
        behindMs: cap(behind),
      }
    }),
    paces: [...paces.keys()].toSorted().flatMap((name) => paces.get(name) ?? []),
    forks,
    signals: listSignals(parameters, id, targets),
  }
}

function move(
  name: string,
  before: GroupState['paces'][number] | undefined,
  round: number,
  value: bigint,
  scale: number,
  roundUs: bigint,
): GroupState['paces'][number] {
  const now = { round: round as GroupState['since'], value: BigInt.asUintN(64, value) }
  const at = (mark: { readonly value: bigint }) => BigInt.asIntN(64, mark.value)
  if (before === undefined || value < at(before.older))
    return { name: bytes(name), older: now, newer: now, last: now, intervalUs: 0 }
  if (value <= at(before.last)) return before
  const ones = 10n ** BigInt(scale)
  const moves = round >= before.newer.round + 16 && value >= at(before.newer) + 8n * ones
  const [older, newer] = moves ? [before.newer, now] : [before.older, before.newer]
  const intervalUs = (BigInt(round - older.round) * roundUs * ones) / (value - at(older))
  return { name: bytes(name), older, newer, last: now, intervalUs: cap(intervalUs) }
}

/** Unit and scale of a head, by the first target of the group that defines it. */
function defineHead(parameters: Parameters, group: string, name: string) {
  const signal = parameters.targets
    .filter((target) => text(target.group) === group)
    .flatMap(({ signals }) => signals)
    .find((each) => each.aggregate === 2 && text(each.name) === name)
  if (signal === undefined) throw new Error(`no target of ${group} defines ${name}`)
  const { scale } = signal
  return { scale, ones: 10n ** BigInt(scale), key: `${text(signal.unit)}/${scale}` }
}

function listSignals(
  parameters: Parameters,
  id: string,
  targets: readonly TargetState[],
): GroupState['signals'] {
  const all = parameters.targets.flatMap((target, index) =>
    text(target.group) === id
      ? target.signals.map((defined, signal) => ({ defined, target: index, signal }))
      : [],
  )
  const isSame = (a: (typeof all)[number], b: (typeof all)[number]) =>
    text(a.defined.name) === text(b.defined.name) &&
    text(a.defined.unit) === text(b.defined.unit) &&
    a.defined.scale === b.defined.scale
  const firsts = all.filter((each, at) => all.findIndex((other) => isSame(other, each)) === at)
  firsts.sort(
    (a, b) =>
      Buffer.compare(a.defined.name, b.defined.name) ||
      Buffer.compare(a.defined.unit, b.defined.unit) ||
      a.defined.scale - b.defined.scale,
  )
  return firsts.flatMap((first) => {
    const values = all
      .filter((each) => isSame(each, first))
      .flatMap(({ target, signal }) => {
        const agreed = targets[target]
        if (agreed === undefined || agreed.astray === 1) return []
        if ([0, 4, 5].includes(agreed.verdict)) return []
        return agreed.signals.filter(({ index }) => index === signal)
      })
      .map(({ value }) => BigInt.asIntN(64, value))
      .toSorted((a, b) => Number(a > b) - Number(a < b))
    const middle = values[Math.ceil(values.length / 2) - 1]
    if (middle === undefined) return []
    const { target, signal } = first
    const value = BigInt.asUintN(64, middle)
    return [{ target, signal, targets: values.length, value }] as GroupState['signals']
  })
}

const bytes = (name: string): Uint8Array => new TextEncoder().encode(name)
const cap = (value: bigint): number => Number(value > SAFE_MAX ? SAFE_MAX : value)
