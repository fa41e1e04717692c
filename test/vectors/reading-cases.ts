import {
  type EpochContext,
  type State,
  type TargetState,
  viewProviders,
  viewRegions,
} from '@watchfire/attestation'
import {
  type Agreed,
  makeHealthContext,
  makeHealthState,
} from '../../packages/attestation/test/support/health-fixture.ts'
import type { VectorValue } from './vector-values.ts'

/** A certified state, of which readers make something (SPEC 12.1, 12.2). */
export interface ReadingCase {
  readonly name: string
  readonly state: State
}

export const readingContext: EpochContext = makeHealthContext()

type Targets = Readonly<Record<string, Agreed>>

function of(name: string, ...state: readonly [round: number, targets: Targets]): ReadingCase {
  return { name, state: makeHealthState(readingContext, ...state) }
}

/** Cases each about one rule. */
export function listReadingCases(): ReadingCase[] {
  const down = (since: number): Agreed => ({ verdict: 'down', since })
  return [
    of('nothing to tell', 1, {}),
    of('an incident of a provider', 9, { a1: down(3), a2: down(8), a3: down(6) }),
    of('half of a provider down', 9, { a4: down(2), b1: {} }),
    of('two of three down', 9, { a1: down(4), a3: down(2) }),
    of('one down, the others not judged', 9, {
      a1: down(4),
      a2: { verdict: 'unknown' },
      a3: { changes: { verdict: 0 } },
    }),
    of(
      'places at the edge of the shares',
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
    ),
  ]
}

function makeVantage(reached: number, failed: number): TargetState['vantages'][number] {
  return { region: new Uint8Array(), reached, failed, abstained: 1 }
}

/** What readers make of a state, as the vectors have it. */
export function describeReadings(state: State): VectorValue {
  return {
    providers: viewProviders(readingContext, state).map(({ id, targets, incident }) => ({
      id,
      targets: targets.map((target) => target.id),
      incident: incident === undefined ? null : { ...incident },
    })),
    regions: state.targets.map((target, index) => {
      const policy = readingContext.parameters.targets[index]?.policy
      if (policy === undefined) throw new RangeError(`no target has index ${index}`)
      return viewRegions(policy, target).map((view) => ({ ...view }))
    }),
  }
}

/** A state in which much happens at random; the same draws give the same state. */
export function drawReading(draws: {
  below(bound: number): number
  pick<T>(items: readonly T[]): T
}): State {
  const names = ['up', 'degraded', 'disputed', 'down', 'unknown'] as const
  const round = 1 + draws.below(40)
  const agreed = Object.fromEntries(
    readingContext.targetIds.map((id): [string, Agreed] => [
      id,
      {
        verdict: draws.pick(names),
        since: 1 + draws.below(round),
        changes: {
          vantages: [makeVantage(draws.below(4), draws.below(4))],
          ...(draws.below(9) === 0 ? { verdict: 0 } : {}),
        },
      },
    ]),
  )
  return makeHealthState(readingContext, round, agreed)
}
