import type {
  Committee,
  Observation,
  Parameters,
  State,
  Target,
  TargetState,
} from '@watchfire/attestation'
import { compareOwn, computeOwnGroup, keepOwnBlocks } from './own-groups.ts'
import { text } from './own-wire.ts'

// SPEC chapter 7 a second time, told apart from production and plainly: every sum is a bigint, every
// rule is looked up anew for every target, and nothing is reused.

/** What one member said of one target. */
interface Voice {
  readonly member: number
  readonly weight: bigint
  readonly said: Observation
}

export interface OwnBlock {
  readonly epoch: number
  readonly height: number
  readonly round: number
  readonly parentRound: number
  /** Members against which the block carries evidence. */
  readonly offenders: readonly number[]
  /** The block's attestations, at most one a member and shard. */
  readonly attestations: readonly {
    readonly member: number
    readonly observations: readonly Observation[]
  }[]
}

const REACHED = 1
const FAILED = 2
const ABSTAINED = 3

/** The state after a block, from SPEC 7 alone. */
export function computeOwnState(
  parent: State,
  committee: Committee,
  parameters: Parameters,
  block: OwnBlock,
): State {
  const prior = migrate(parent, parameters, block.epoch)
  const excluded = [...prior.meta.excluded]
  for (const offender of block.offenders) {
    if (!excluded.some(({ member }) => member === offender)) {
      excluded.push({ member: offender, round: block.round } as (typeof excluded)[number])
    }
  }
  const isOut = (member: number) => excluded.some((each) => each.member === member)

  const weightOf = (member: number) => BigInt(committee.members[member]?.weight ?? 0)
  const weightTotal = sum(committee.members.map((_, index) => weightOf(index)))
  const quorum = (2n * weightTotal) / 3n + 1n
  const lost = sum(excluded.map(({ member }) => weightOf(member)))
  const fLive = weightTotal - quorum > lost ? weightTotal - quorum - lost : 0n

  const voices = parameters.targets.map((_, index): Voice[] =>
    block.attestations
      .filter(({ member }) => !isOut(member))
      .flatMap(({ member, observations }) =>
        observations
          .filter(({ target }) => target === index)
          .map((said) => ({ member, weight: weightOf(member), said })),
      ),
  )
  const isLost = block.round - block.parentRound > parameters.gapMax
  const agreed = parameters.targets.map((target, index) =>
    measure(target, voices[index] ?? [], committee, weightTotal, fLive),
  )
  const blocks = agreed.map((each, index) =>
    keepOwnBlocks(parameters, index, each, isLost ? [] : (prior.targets[index]?.blocks ?? [])),
  )
  const { judged, forks } = compareOwn(parameters, blocks)
  const astray = blocks.map(
    (_, index) => judged.get(index) ?? (!isLost && prior.targets[index]?.astray === 1),
  )
  const heads = computeHeads(parameters, voices, fLive, astray)

  const targets = parameters.targets.map((target, index): TargetState => {
    const [before, measured] = [prior.targets[index], agreed[index]]
    if (before === undefined || measured === undefined) throw new Error('a target is missing')
    const mine = voices[index] ?? []
    const groupHeads = heads.get(text(target.group))
    const compared = compare(target, measured, groupHeads, isLost ? 0 : before.crossed)
    const isAstray = astray[index] === true
    const raw = judge(target, measured, mine, committee, fLive, isAstray, compared)
    const crossed = toMask(compared.map(({ isCrossed }) => isCrossed))
    const settled = settle(before, raw, target, block, parameters.gapMax)
    const kept = { crossed, astray: isAstray ? 1 : 0, blocks: blocks[index] ?? [] }
    return { ...before, ...measured, ...settled, ...kept }
  })
  const groups = [...heads].map(([id, byName]) => {
    const before = prior.groups.find((group) => text(group.id) === id)
    const now = { round: block.round, isLost }
    return computeOwnGroup(parameters, id, before, byName, forks.get(id) ?? [], targets, now)
  })
  const meta = {
    ...prior.meta,
    height: block.height,
    round: block.round,
    excluded: excluded.toSorted((a, b) => a.member - b.member),
  }
  return { meta: meta as State['meta'], targets, groups }
}

/** SPEC 7.1. */
function migrate(parent: State, parameters: Parameters, epoch: number): State {
  if (parent.meta.epoch === epoch) return parent
  const targets = parameters.targets.map(({ id }): TargetState => {
    const old = parent.targets.find((each) => text(each.id) === text(id))
    return {
      id,
      verdict: old?.verdict ?? 0,
      settled: old?.settled ?? 0,
      since: old?.since ?? (0 as TargetState['since']),
      streak: old?.streak ?? 0,
      streakCount: old?.streakCount ?? 0,
      crossed: 0,
      astray: 0,
      reasonKind: 0,
      reasonCode: 0,
      reached: 0,
      failed: 0,
      abstained: 0,
      absent: 0,
      outcome: 0,
      referenceKind: 0,
      reference: 0,
      signals: [],
      identities: [],
      vantages: [],
      blocks: [],
    }
  })
  const excluded: State['meta']['excluded'] = []
  const meta = { ...parent.meta, epoch, excluded, handover: parameters.handover }
  return { meta: meta as State['meta'], targets, groups: [] }
}

type Measured = Pick<
  TargetState,
  | 'reached'
  | 'failed'
  | 'abstained'
  | 'absent'
  | 'outcome'
  | 'referenceKind'
  | 'reference'
  | 'signals'
  | 'identities'
  | 'vantages'
>

/** SPEC 7.3 to 7.5. */
function measure(
  target: Target,
  voices: readonly Voice[],
  committee: Committee,
  weightTotal: bigint,
  fLive: bigint,
): Measured {
  const weigh = (status: number, among = voices) =>
    sum(among.filter(({ said }) => said.status === status).map(({ weight }) => weight))
  const [reached, failed, abstained] = [weigh(REACHED), weigh(FAILED), weigh(ABSTAINED)]
  const observing = reached + failed
  const isEnough = observing > 2n * fLive
  const most = <T>(
    pairs: readonly { readonly key: string; readonly value: T; readonly weight: bigint }[],
  ) => {
    const winner = pairs.find(
      ({ key }) =>
        2n * sum(pairs.filter((each) => each.key === key).map((each) => each.weight)) > observing,
    )
    if (winner === undefined || !isEnough) return undefined
    const backing = pairs.filter((each) => each.key === winner.key)
    return { value: winner.value, weight: sum(backing.map((each) => each.weight)) }
  }
  const reaching = voices.filter(({ said }) => said.status === REACHED)
  const outcome = most(
    voices
      .filter(({ said }) => said.status === FAILED)
      .map(({ said, weight }) => ({ key: `${said.code}`, value: said.code, weight })),
  )
  const reference = most(
    reaching
      .filter(({ said }) => said.referenceKind !== 0)
      .map(({ said, weight }) => ({
        key: `${said.referenceKind}/${said.reference}`,
        value: said,
        weight,
      })),
  )
  const regions = [...new Set(committee.members.map((member) => text(member.region)))].toSorted()
  return {
    reached: Number(reached),
    failed: Number(failed),
    abstained: Number(abstained),
    absent: Number(weightTotal - observing - abstained),
    outcome: outcome?.value ?? 0,
    referenceKind: reference?.value.referenceKind ?? 0,
    reference: reference?.value.reference ?? 0,
    signals: target.signals.flatMap((definition, index) => {
      const values = pickSignals(reaching, index)
      const weight = sum(values.map((each) => each.weight))
      if (weight <= 2n * fLive) return []
      const value = definition.aggregate === 1 ? median(values) : corroborated(values, fLive)
      return [{ index, weight: Number(weight), value: BigInt.asUintN(64, value) }]
    }),
    identities: target.identities.flatMap((_, index) => {
      const pairs = reaching.flatMap(({ said, weight }) =>
        said.identities
          .filter((identity) => identity.index === index)
          .map(({ value }) => ({ key: Buffer.from(value).toString('hex'), value, weight })),
      )
      const agreed = most(pairs)
      return agreed === undefined
        ? []
        : [{ index, weight: Number(agreed.weight), value: agreed.value }]
    }),
    vantages: regions.map((region) => {
      const there = voices.filter(
        ({ member }) => text(committee.members[member]?.region ?? new Uint8Array()) === region,
      )
      return {
        region: new TextEncoder().encode(region),
        reached: Number(weigh(REACHED, there)),
        failed: Number(weigh(FAILED, there)),
        abstained: Number(weigh(ABSTAINED, there)),
      }
    }),
  }
}

interface Weighed {
  readonly value: bigint
  readonly weight: bigint
}

function pickSignals(reaching: readonly Voice[], index: number): Weighed[] {
  return reaching.flatMap(({ said, weight }) =>
    said.signals
      .filter((signal) => signal.index === index)
      .map(({ value }) => ({ value: BigInt.asIntN(64, value), weight })),
  )
}

/** The least value such that those at or below it weigh half of all or more. */
function median(values: readonly Weighed[]): bigint {
  const whole = sum(values.map(({ weight }) => weight))
  const fits = values.filter(
    ({ value }) =>
      2n * sum(values.filter((each) => each.value <= value).map((each) => each.weight)) >= whole,
  )
  return fits.map(({ value }) => value).reduce((a, b) => (b < a ? b : a))
}

/** The greatest value such that those at or above it weigh more than may lie. */
function corroborated(values: readonly Weighed[], fLive: bigint): bigint {
  const fits = values.filter(
    ({ value }) =>
      sum(values.filter((each) => each.value >= value).map((each) => each.weight)) > fLive,
  )
  return fits.map(({ value }) => value).reduce((a, b) => (b > a ? b : a))
}

/** SPEC 7.6: by group, then by signal name, both ascending. */
function computeHeads(
  parameters: Parameters,
  voices: readonly (readonly Voice[])[],
  fLive: bigint,
  astray: readonly boolean[],
): Map<string, Map<string, Weighed>> {
  const groups = [...new Set(parameters.targets.map(({ group }) => text(group)))].toSorted()
  const out = new Map<string, Map<string, Weighed>>()
  for (const group of groups) {
    if (group === '') continue
    const highest = new Map<string, Map<number, Weighed>>()
    const hasOnChain = (name: string) =>
      parameters.targets.some(
        ({ group: own, signals }, index) =>
          text(own) === group &&
          astray[index] !== true &&
          signals.some((each) => each.aggregate === 2 && text(each.name) === name),
      )
    for (const [index, target] of parameters.targets.entries()) {
      if (text(target.group) !== group) continue
      for (const [signal, definition] of target.signals.entries()) {
        if (definition.aggregate !== 2) continue
        const name = text(definition.name)
        if (astray[index] === true && hasOnChain(name)) continue
        const byMember = highest.get(name) ?? new Map<number, Weighed>()
        highest.set(name, byMember)
        for (const voice of voices[index] ?? []) {
          if (voice.said.status !== REACHED) continue
          for (const found of pickSignals([voice], signal)) {
            const old = byMember.get(voice.member)
            if (old === undefined || found.value > old.value) byMember.set(voice.member, found)
          }
        }
      }
    }
    const heads = new Map<string, Weighed>()
    for (const name of [...highest.keys()].toSorted()) {
      const values = [...(highest.get(name)?.values() ?? [])]
      const weight = sum(values.map((each) => each.weight))
      if (weight > 2n * fLive) heads.set(name, { weight, value: corroborated(values, fLive) })
    }
    out.set(group, heads)
  }
  return out
}

interface Compared {
  readonly isCrossed: boolean
  readonly isHolding: boolean
}

/** The thresholds of SPEC 7.7, in their order. */
function compare(
  target: Target,
  measured: Measured,
  heads: ReadonlyMap<string, Weighed> | undefined,
  crossedBefore: number,
): readonly Compared[] {
  return target.policy.thresholds.map(({ signal, op, value, clear }, index) => {
    const was = Math.floor(crossedBefore / 2 ** index) % 2 === 1
    const agreed = measured.signals.find((each) => each.index === signal)
    const head = heads?.get(text(target.signals[signal]?.name ?? new Uint8Array()))
    if (agreed === undefined || (op === 3 && head === undefined)) {
      return { isCrossed: was, isHolding: false }
    }
    const is = BigInt.asIntN(64, agreed.value)
    const compared = op === 3 ? (head?.value ?? 0n) - is : is
    const passes = (bound: bigint) =>
      op === 2 ? compared < BigInt.asIntN(64, bound) : compared > BigInt.asIntN(64, bound)
    const isCrossed = passes(value) || (was && passes(clear))
    return { isCrossed, isHolding: isCrossed }
  })
}

function toMask(flags: readonly boolean[]): number {
  return flags.reduce((mask, flag, index) => mask + (flag ? 2 ** index : 0), 0)
}

interface Raw {
  readonly verdict: number
  readonly kind: number
  readonly code: number
}

/** SPEC 7.7. */
function judge(
  target: Target,
  measured: Measured,
  voices: readonly Voice[],
  committee: Committee,
  fLive: bigint,
  isAstray: boolean,
  compared: readonly Compared[],
): Raw {
  const { policy } = target
  const [reached, failed] = [BigInt(measured.reached), BigInt(measured.failed)]
  const observing = reached + failed
  if (observing <= 2n * fLive) return { verdict: 5, kind: 4, code: 0 }
  if (failed * 1000n >= observing * BigInt(policy.failedMin)) {
    const failing = voices
      .filter(({ said }) => said.status === FAILED)
      .map(({ member }) => committee.members[member])
    const count = (label: 'region' | 'network' | 'operator') =>
      new Set(
        failing
          .map((member) => text(member?.[label] ?? new Uint8Array()))
          .filter((name) => name !== ''),
      ).size
    const isWide =
      count('region') >= policy.regionsMin &&
      count('network') >= policy.networksMin &&
      count('operator') >= policy.operatorsMin
    return isWide
      ? { verdict: 4, kind: 1, code: measured.outcome }
      : { verdict: 3, kind: 5, code: 0 }
  }
  if (reached * 1000n < observing * BigInt(policy.reachedMin))
    return { verdict: 3, kind: 3, code: 0 }
  const holding = policy.thresholds
    .map((threshold, code) => ({ threshold, code }))
    .filter(({ code }) => compared[code]?.isHolding === true)
  const gravest = Math.max(0, ...holding.map(({ threshold }) => threshold.severity))
  const first = holding.find(({ threshold }) => threshold.severity === gravest)
  if (isAstray && policy.astray !== 0 && policy.astray >= gravest)
    return { verdict: policy.astray, kind: 6, code: 0 }
  return first === undefined
    ? { verdict: 1, kind: 0, code: 0 }
    : { verdict: gravest, kind: 2, code: first.code }
}

type Settled = Pick<
  TargetState,
  'verdict' | 'settled' | 'since' | 'streak' | 'streakCount' | 'reasonKind' | 'reasonCode'
>

/** SPEC 7.8. */
function settle(
  before: TargetState,
  raw: Raw,
  target: Target,
  block: OwnBlock,
  gapMax: number,
): Settled {
  let { settled, streak, streakCount } = before
  if (block.round - block.parentRound > gapMax) [streak, streakCount] = [0, 0]
  let verdict = 5
  if (raw.verdict !== 5) {
    if (settled === 0 || raw.verdict === settled) {
      settled = raw.verdict
      streak = 0
      streakCount = 0
    } else {
      const isWorse = raw.verdict > settled
      const isSameSide = streak !== 0 && (isWorse ? streak > settled : streak < settled)
      if (!isSameSide) streak = raw.verdict
      else streak = isWorse ? Math.min(streak, raw.verdict) : Math.max(streak, raw.verdict)
      streakCount = isSameSide ? streakCount + 1 : 1
      if (streakCount >= (isWorse ? target.policy.fallRounds : target.policy.riseRounds)) {
        settled = streak
        streak = 0
        streakCount = 0
      }
    }
    verdict = settled
  }
  const isChanged = verdict !== before.verdict
  const takesReason = raw.verdict === verdict || isChanged
  return {
    verdict,
    settled,
    streak,
    streakCount,
    since: isChanged ? (block.round as TargetState['since']) : before.since,
    reasonKind: takesReason ? raw.kind : before.reasonKind,
    reasonCode: takesReason ? raw.code : before.reasonCode,
  }
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}
