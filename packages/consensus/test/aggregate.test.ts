import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  type EpochContext,
  type Evidence,
  encode,
  type Height,
  type Parameters,
  type Round,
  type SignedAttestation,
  type State,
  stateType,
  type TargetState,
  toSigned,
  toText,
  verdicts,
} from '@watchfire/attestation'
import * as fc from 'fast-check'
import { computeState, getFaultyLive } from '../src/aggregate.ts'
import { getGenesisState, migrateState } from '../src/state.ts'
import {
  type MemberLabels,
  makeAttestation,
  makeContext,
  makeEqual,
  makeHandover,
  makeTarget,
  makeUnsignedEvidence,
  type ObservationDraft,
} from './fixtures.ts'

function compute(
  context: EpochContext,
  attestations: readonly SignedAttestation[],
  options: { parent?: State; round?: number; evidence?: readonly Evidence[] } = {},
): State {
  const parent = options.parent ?? getGenesisState(context)
  const place = {
    height: (parent.meta.height + 1) as Height,
    round: (options.round ?? parent.meta.round + 1) as Round,
    parentRound: parent.meta.round,
  }
  return computeState(parent, context, place, options.evidence ?? [], attestations)
}

/** The first target after a block in which member `i` said `said[i]`; undefined: nothing. */
function observe(
  context: EpochContext,
  said: readonly (ObservationDraft | undefined)[],
): TargetState {
  const attestations = said.flatMap((observation, member) =>
    observation === undefined ? [] : [makeAttestation(member, [observation])],
  )
  const [target] = compute(context, attestations).targets
  ok(target)
  return target
}

const isReached: ObservationDraft = { status: 'reached' }
const hasFailed: ObservationDraft = { status: 'failed' }
const hasAbstained: ObservationDraft = { status: 'abstained' }

function withSignal(aggregate: 'median' | 'corroborated'): Partial<Parameters> {
  return { targets: [makeTarget({ signals: [['latency', aggregate]] })] }
}

function agreedValue(target: TargetState): bigint | undefined {
  const value = target.signals[0]?.value
  return value === undefined ? undefined : toSigned(value)
}

describe('aggregation', () => {
  it('counts reached, failed, abstained and absent weight so that they sum to the whole', () => {
    const context = makeContext([1, 2, 4, 8, 16].map((weight) => ({ weight })))
    const target = observe(context, [isReached, hasFailed, hasAbstained, undefined, isReached])
    equal(target.reached, 17)
    equal(target.failed, 2)
    equal(target.abstained, 4)
    equal(target.absent, 8)
  })

  it('counts an attestation without an entry for the target as absent', () => {
    const context = makeEqual(4)
    const [target] = compute(context, [makeAttestation(0, [])]).targets
    equal(target?.absent, 4)
  })

  it('splits the weights by region, all regions ascending, the one of no name first', () => {
    const context = makeContext([{ region: 'us' }, { region: 'eu', weight: 3 }, {}])
    const target = observe(context, [isReached, hasFailed, hasAbstained])
    deepEqual(
      target.vantages.map(({ region, ...weights }) => [toText(region), weights]),
      [
        ['', { reached: 0, failed: 0, abstained: 1 }],
        ['eu', { reached: 0, failed: 3, abstained: 0 }],
        ['us', { reached: 1, failed: 0, abstained: 0 }],
      ],
    )
  })

  it('takes the lower median of an even count, by signed value', () => {
    const context = makeEqual(4, withSignal('median'))
    const said = [-5n, 10n, 3n, -7n].map((value) => ({ signals: { 0: value } }))
    equal(agreedValue(observe(context, said)), -5n)
  })

  it('weighs the median', () => {
    const context = makeContext([{ weight: 1 }, { weight: 1 }, { weight: 3 }], withSignal('median'))
    const said = [1n, 2n, 9n].map((value) => ({ signals: { 0: value } }))
    equal(agreedValue(observe(context, said)), 9n)
  })

  it('takes for a corroborated signal the highest value that more than f reached', () => {
    const context = makeEqual(4, withSignal('corroborated'))
    const said = [100n, 90n, 80n, 70n].map((value) => ({ signals: { 0: value } }))
    equal(agreedValue(observe(context, said)), 90n)
  })

  it('leaves a signal out unless its weight exceeds 2f, and not one more', () => {
    const context = makeEqual(4, withSignal('median'))
    const value = { signals: { 0: 1n } }
    equal(observe(context, [value, value, isReached, isReached]).signals.length, 0)
    equal(observe(context, [value, value, value, isReached]).signals.length, 1)
  })

  it('ignores signals of observations that did not reach the target', () => {
    const context = makeEqual(4, withSignal('median'))
    const value = { signals: { 0: 1n } }
    const odd: ObservationDraft = { status: 'failed', signals: { 0: 9n } }
    equal(observe(context, [value, value, odd, odd]).signals.length, 0)
  })

  it('agrees on an identity only where its weight, doubled, exceeds the observing weight', () => {
    const context = makeEqual(4, { targets: [makeTarget({ identities: ['block'] })] })
    const hash = (fill: number) => ({ identities: { 0: new Uint8Array(32).fill(fill) } })
    equal(observe(context, [hash(1), hash(1), hash(2), hash(2)]).identities.length, 0)
    const [identity] = observe(context, [hash(1), hash(1), hash(2), hash(1)]).identities
    equal(identity?.weight, 3)
    equal(identity?.value[0], 1)
    // Of three observing, two are a majority; that one failed to reach it counts as observing.
    const some = observe(context, [hash(1), hash(1), hasFailed, undefined])
    equal(some.identities[0]?.weight, 2)
  })

  it('agrees on outcome and reference by majority, else on none', () => {
    const context = makeEqual(4)
    const refused: ObservationDraft = { status: 'failed', code: 1 }
    const timeout: ObservationDraft = { status: 'failed', code: 2 }
    equal(observe(context, [refused, refused, refused, timeout]).outcome, 1)
    equal(observe(context, [refused, refused, timeout, timeout]).outcome, 0)
    const at = (reference: number): ObservationDraft => ({ referenceKind: 1, reference })
    const agreed = observe(context, [at(5), at(5), at(5), at(6)])
    deepEqual([agreed.referenceKind, agreed.reference], [1, 5])
    const split = observe(context, [at(5), at(5), at(6), at(6)])
    deepEqual([split.referenceKind, split.reference], [0, 0])
  })

  it('keeps no identity, outcome or reference where observing weight is not above 2f', () => {
    const context = makeEqual(4, { targets: [makeTarget({ identities: ['block'] })] })
    const said: ObservationDraft = {
      identities: { 0: new Uint8Array([1]) },
      referenceKind: 1,
      reference: 5,
    }
    const target = observe(context, [said, said, hasAbstained, undefined])
    equal(target.identities.length, 0)
    equal(target.referenceKind, 0)
    equal(target.verdict, verdicts.unknown)
  })

  it('computes lag against the group head, each member counting once with its highest', () => {
    const lagging = { signal: 0, op: 3, value: 10n, clear: 10n, severity: 2 }
    const context = makeEqual(4, {
      targets: ['a', 'b'].map((id) =>
        makeTarget({
          id,
          group: 'chain',
          signals: [['head', 'corroborated']],
          policy: { thresholds: [lagging] },
        }),
      ),
    })
    const said = (a: bigint, b: bigint): ObservationDraft[] => [
      { target: 0, signals: { 0: a } },
      { target: 1, signals: { 0: b } },
    ]
    const attestations = [0, 1, 2, 3].map((member) => makeAttestation(member, said(111n, 100n)))
    const state = compute(context, attestations)
    const [head] = state.groups[0]?.heads ?? []
    equal(head && toSigned(head.value), 111n)
    equal(head?.weight, 4)
    equal(state.targets[0]?.verdict, verdicts.up)
    equal(state.targets[1]?.verdict, verdicts.degraded)
    // Exactly at the bound does not lag.
    const near = [0, 1, 2, 3].map((member) => makeAttestation(member, said(110n, 100n)))
    equal(compute(context, near).targets[1]?.verdict, verdicts.up)
  })

  it('lets no single member raise a group head', () => {
    const context = makeEqual(4, {
      targets: [makeTarget({ group: 'chain', signals: [['head', 'corroborated']] })],
    })
    const said = [10n ** 15n, 50n, 50n, 49n].map((value, member) =>
      makeAttestation(member, [{ signals: { 0: value } }]),
    )
    const [head] = compute(context, said).groups[0]?.heads ?? []
    equal(head && toSigned(head.value), 50n)
  })

  it('excludes offenders before aggregating and lowers what may still lie', () => {
    const context = makeEqual(4)
    const attestations = [0, 1, 2, 3].map((member) => makeAttestation(member, [isReached]))
    const state = compute(context, attestations, { evidence: [makeUnsignedEvidence(2)], round: 5 })
    deepEqual(state.meta.excluded, [{ member: 2, round: 5 }])
    equal(state.targets[0]?.reached, 3)
    equal(state.targets[0]?.absent, 1)
    equal(getFaultyLive(context, new Set()), 1)
    const later = compute(context, attestations, { parent: state, round: 9 })
    deepEqual(later.meta.excluded, [{ member: 2, round: 5 }])
    // With the liar out, f is 0: one observer is enough.
    const alone = compute(context, [makeAttestation(0, [isReached])], { parent: state })
    equal(alone.targets[0]?.verdict, verdicts.up)
  })

  it('keeps targets that did not change as the same objects, and changes no parent', () => {
    const context = makeEqual(4)
    const attestations = [0, 1, 2, 3].map((member) => makeAttestation(member, [isReached]))
    const first = compute(context, attestations)
    const bytes = encode(stateType, first)
    const second = compute(context, attestations, { parent: first })
    equal(second.targets[0], first.targets[0])
    compute(
      context,
      [0, 1, 2, 3].map((member) => makeAttestation(member, [hasFailed])),
      { parent: second },
    )
    deepEqual(encode(stateType, first), bytes)
  })

  it('never depends on the order of attestations', () => {
    const context = makeContext(
      [1, 5, 2, 3, 4].map((weight) => ({ weight })),
      {
        targets: [
          makeTarget({
            id: 'a',
            group: 'g',
            signals: [
              ['head', 'corroborated'],
              ['latency', 'median'],
            ],
            identities: ['block'],
          }),
          makeTarget({ id: 'b', group: 'g', signals: [['head', 'corroborated']] }),
        ],
      },
    )
    const observation = (target: number) =>
      fc
        .record({
          status: fc.constantFrom('reached' as const, 'failed' as const, 'abstained' as const),
          code: fc.integer({ min: 1, max: 3 }),
          first: fc.bigInt({ min: -3n, max: 3n }),
          fill: fc.integer({ min: 0, max: 1 }),
        })
        .map(
          (drawn): ObservationDraft =>
            drawn.status === 'reached'
              ? {
                  target,
                  status: 'reached',
                  signals: target === 0 ? { 0: drawn.first, 1: -drawn.first } : { 0: drawn.first },
                  identities: target === 0 ? { 0: new Uint8Array([drawn.fill]) } : {},
                }
              : { target, status: drawn.status, code: drawn.code },
        )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(observation(0), observation(1)), { minLength: 5, maxLength: 5 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        (said, order) => {
          const attestations = said.map((pair, member) => makeAttestation(member, pair))
          const shuffled = order.flatMap((index) => attestations[index] ?? [])
          deepEqual(
            encode(stateType, compute(context, shuffled)),
            encode(stateType, compute(context, attestations)),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  it('lets no f liars move a median or a corroborated value outside what honest members saw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('median' as const, 'corroborated' as const),
        fc.array(
          fc.record({
            weight: fc.integer({ min: 1, max: 50 }),
            value: fc.bigInt({ min: -1000n, max: 1000n }),
            lies: fc.boolean(),
            absent: fc.boolean(),
          }),
          { minLength: 4, maxLength: 12 },
        ),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (aggregate, members, lie) => {
          const labels: MemberLabels[] = members.map(({ weight }) => ({ weight }))
          const context = makeContext(labels, withSignal(aggregate))
          let lying = 0
          const liars = members.map(({ lies, weight }) => {
            if (!lies || lying + weight > context.faulty) return false
            lying += weight
            return true
          })
          const said = members.map(({ value, absent }, index) =>
            absent && !liars[index] ? undefined : { signals: { 0: liars[index] ? lie : value } },
          )
          const agreed = agreedValue(observe(context, said))
          if (agreed === undefined) return
          const honest = members
            .filter(({ absent }, index) => !liars[index] && !absent)
            .map(({ value }) => value)
          ok(
            honest.some((value) => value <= agreed),
            `${agreed} is below all honest values`,
          )
          ok(
            honest.some((value) => value >= agreed),
            `${agreed} is above all honest values`,
          )
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the state across an epoch', () => {
  it('carries verdicts and counters of targets that stay, and drops exclusions and the rest', () => {
    const first = makeEqual(4, {
      targets: [makeTarget({ id: 'gone' }), makeTarget({ id: 'kept', group: 'old' })],
    })
    const attestations = [0, 1, 2, 3].map((member) =>
      makeAttestation(member, [
        { target: 0, status: 'failed' },
        { target: 1, status: 'failed' },
      ]),
    )
    const state = compute(first, attestations, { evidence: [makeUnsignedEvidence(1)] })
    const third = makeContext([{}], {}, 2)
    const next = makeContext(
      [{}, {}],
      {
        targets: [makeTarget({ id: 'kept', group: 'new' }), makeTarget({ id: 'later' })],
        handover: [makeHandover(third, 99)],
      },
      1,
    )
    const migrated = migrateState(state, next)
    deepEqual(migrated.meta.excluded, [])
    equal(migrated.meta.epoch, 1)
    equal(migrated.meta.handover[0]?.lastHeight, 99)
    deepEqual(
      migrated.targets.map(({ id, verdict, settled, reached, since }) => ({
        id: toText(id),
        verdict,
        settled,
        reached,
        since,
      })),
      [
        { id: 'kept', verdict: verdicts.down, settled: verdicts.down, reached: 0, since: 1 },
        { id: 'later', verdict: 0, settled: 0, reached: 0, since: 0 },
      ],
    )
    deepEqual(
      migrated.groups.map(({ id, heads }) => [toText(id), heads]),
      [['new', []]],
    )
  })

  it('is the parent itself within an epoch', () => {
    const context = makeEqual(4)
    const state = getGenesisState(context)
    equal(migrateState(state, context), state)
  })
})
