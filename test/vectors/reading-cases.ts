import {
  type EpochContext,
  type State,
  type TargetState,
  viewGroups,
  viewProviders,
  viewRegions,
} from '@watchfire/attestation'
import {
  type Agreed,
  makeHealthContext,
  makeHealthState,
} from '../../packages/attestation/test/support/health-fixture.ts'
import type { VectorValue } from './vector-values.ts'

/** Consecutive certified states, of which readers make something (SPEC 12.1 to 12.3). */
export interface ReadingCase {
  readonly name: string
  readonly states: readonly State[]
}

export const readingContext: EpochContext = makeHealthContext()

type Targets = Readonly<Record<string, Agreed>>

function of(
  name: string,
  ...states: readonly [round: number, targets: Targets, heads?: Readonly<Record<string, number>>][]
): ReadingCase {
  return { name, states: states.map((state) => makeHealthState(readingContext, ...state)) }
}

/** Cases each about one rule. */
export function listReadingCases(): ReadingCase[] {
  const on = (height: number, hash: string): Agreed => ({ block: [height, hash] })
  const all = (height: number, hash: string): Targets =>
    Object.fromEntries(['a1', 'a2', 'a3', 'a4'].map((id) => [id, on(height, hash)]))
  const down = (since: number): Agreed => ({ verdict: 'down', since })
  return [
    of('one state, no head', [1, {}]),
    of('a head that rises over a gap', [1, {}, { a: 100 }], [9, {}, { a: 107 }]),
    of('a head that stands', [1, {}, { a: 100, b: 5 }], [2, {}, { a: 100, b: 5 }]),
    of('a head that goes back', [1, {}, { a: 100 }], [2, {}, { a: 90 }]),
    of('a head below 0 that rises', [1, {}, { a: -9 }], [2, {}, { a: -2 }]),
    of('a head that was not agreed on at first', [1, {}], [2, {}, { a: 1 }], [3, {}, { a: 4 }]),
    of('all on one chain', [1, all(100, 'aa')], [2, all(101, 'ab')]),
    of('one astray', [1, { ...all(100, 'aa'), a3: on(100, 'bb') }]),
    of('two against two', [1, { ...all(100, 'aa'), a1: on(100, 'bb'), a2: on(100, 'bb') }]),
    of('three chains', [1, { a1: on(7, 'cc'), a2: on(7, 'bb'), a3: on(7, 'aa'), a4: on(7, 'bb') }]),
    of(
      'compared across rounds',
      [1, { a1: on(8, 'aa'), a2: on(7, 'aa') }],
      [2, { a2: on(8, 'bb') }],
    ),
    of('astray, then back', [1, { ...all(9, 'aa'), a3: on(9, 'bb') }], [2, all(10, 'cc')]),
    of(
      'astray, and then heard of no more',
      [1, { ...all(9, 'aa'), a3: on(9, 'bb') }],
      [2, { ...all(10, 'cc'), a3: {} }],
    ),
    of(
      'astray, and then alone at its height',
      [1, { ...all(9, 'aa'), a3: on(9, 'bb') }],
      [2, { a1: on(10, 'cc'), a3: on(11, 'dd') }],
    ),
    of(
      'astray in the order of the parameters',
      [1, { a1: on(5, 'aa'), a4: on(5, 'aa') }],
      [2, { a1: on(6, 'aa'), a2: on(6, 'bb'), a3: on(6, 'cc'), a4: on(6, 'dd') }],
    ),
    of(
      'a later word on one height',
      [1, { a1: on(5, 'aa'), a2: on(5, 'bb') }],
      [2, { a1: on(5, 'bb') }],
    ),
    of('no comparison without a height', [
      1,
      { a1: { ...on(5, 'aa'), changes: { referenceKind: 2 } }, a2: on(5, 'bb') },
    ]),
    of('signals in the middle', [
      1,
      {
        a1: { latencyUs: 40 },
        a2: { latencyUs: 10 },
        a3: { latencyUs: 30, verdict: 'degraded' },
        a4: { latencyUs: 20, verdict: 'disputed' },
        b1: { latencyUs: 5, verdict: 'unknown' },
      },
    ]),
    of('an incident of a provider', [9, { a1: down(3), a2: down(8), a3: down(6) }]),
    of('half of a provider down', [9, { a4: down(2), b1: {} }]),
    of('two of three down', [9, { a1: down(4), a3: down(2) }]),
    of('one down, the others not judged', [
      9,
      { a1: down(4), a2: { verdict: 'unknown' }, a3: { changes: { verdict: 0 } } },
    ]),
    of('places at the edge of the shares', [
      9,
      Object.fromEntries(
        [
          [0, 0],
          [667, 333],
          [666, 334],
          [333, 667],
          [334, 666],
        ].map(([reached = 0, failed = 0], at) => [
          ['a1', 'a2', 'a3', 'a4', 'b1'][at] ?? '',
          { changes: { vantages: [makeVantage(reached, failed)] } },
        ]),
      ),
    ]),
  ]
}

function makeVantage(reached: number, failed: number): TargetState['vantages'][number] {
  return { region: new Uint8Array(), reached, failed, abstained: 1 }
}

/** What readers make of states, as the vectors have it. */
export function describeReadings(states: readonly State[]): VectorValue {
  const newest = states.at(-1)
  if (newest === undefined) return null
  return {
    groups: viewGroups(readingContext, states).map((group) => ({
      id: group.id,
      standing: group.standing,
      heads: group.heads.map((head) => ({
        name: head.name,
        unit: head.unit,
        scale: head.scale,
        value: head.value.toString(),
        weight: head.weight,
        advance: head.advance?.toString() ?? null,
        overMs: head.overMs ?? null,
        intervalMs: head.intervalMs?.toString() ?? null,
        advancedAt: head.advancedAt ?? null,
      })),
      forks: group.forks.map(({ identity, height, branches, majority, astray }) => ({
        identity,
        height,
        branches: branches.map(({ value, targets }) => ({ value, targets })),
        majority: majority ?? null,
        astray,
      })),
      signals: group.signals.map((signal) => ({ ...signal, value: signal.value.toString() })),
      targets: group.targets.map(({ id }) => id),
    })),
    providers: viewProviders(readingContext, newest).map(({ id, targets, incident }) => ({
      id,
      targets: targets.map((target) => target.id),
      incident: incident === undefined ? null : { ...incident },
    })),
    regions: newest.targets.map((target, index) => {
      const policy = readingContext.parameters.targets[index]?.policy
      if (policy === undefined) throw new RangeError(`no target has index ${index}`)
      return viewRegions(policy, target).map((view) => ({ ...view }))
    }),
  }
}

/** A run of states in which much happens at random; the same draws give the same run. */
export function drawReadings(draws: {
  below(bound: number): number
  pick<T>(items: readonly T[]): T
}): readonly State[] {
  const names = ['up', 'degraded', 'disputed', 'down', 'unknown'] as const
  let round = 1
  return Array.from({ length: 1 + draws.below(40) }, () => {
    round += 1 + draws.below(3)
    const agreed = Object.fromEntries(
      readingContext.targetIds.map((id): [string, Agreed] => [
        id,
        {
          verdict: draws.pick(names),
          since: 1 + draws.below(round),
          ...(draws.below(3) === 0 ? {} : { latencyUs: draws.below(50) }),
          ...(draws.below(4) === 0
            ? {}
            : { block: [draws.below(6), draws.pick(['aa', 'aa', 'aa', 'bb', 'cc'])] as const }),
          changes: {
            vantages: [makeVantage(draws.below(4), draws.below(4))],
            ...(draws.below(9) === 0 ? { verdict: 0 } : {}),
            ...(draws.below(9) === 0 ? { referenceKind: 2 } : {}),
          },
        },
      ]),
    )
    const heads = draws.below(5) === 0 ? {} : { a: draws.below(9) - 3, b: draws.below(3) }
    return makeHealthState(readingContext, round, agreed, heads)
  })
}
