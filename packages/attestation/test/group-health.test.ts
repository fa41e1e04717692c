import assert from 'node:assert/strict'
import {
  describeStanding,
  fromHex,
  fromText,
  type GroupHealth,
  type GroupState,
  type Round,
  type State,
  type TargetIndex,
  type TargetState,
  toBits,
  viewGroups,
} from '../src/index.ts'
import { hashOf, makeHealthContext, makeHealthState } from './support/health-fixture.ts'

const context = makeHealthContext()
const block = (height: number, byte: string): Partial<TargetState> => ({
  blocks: [{ height, identities: [{ index: 1, value: fromHex(hashOf(byte)) }] }],
})
const mark = (round: number, value: number) => ({
  round: round as Round,
  value: toBits(BigInt(value)),
})

/** The group `a` of a state that says this of it and of its targets. */
function viewA(
  changes: Partial<GroupState>,
  targets: Readonly<Record<string, Partial<TargetState>>> = {},
): GroupHealth {
  const agreed = Object.fromEntries(
    Object.entries(targets).map(([id, each]) => [id, { changes: each }]),
  )
  const state = makeHealthState(context, 9, agreed, { a: 100 })
  const groups = state.groups.map((group, at) => (at === 0 ? { ...group, ...changes } : group))
  const [group] = viewGroups(context, { ...state, groups } satisfies State)
  return group ?? assert.fail()
}

describe('viewGroups', () => {
  it('tells of a head its pace, its unit, and how long ago the one in front was there', () => {
    const pace = {
      name: fromText('head'),
      older: mark(1, 60),
      newer: mark(5, 80),
      last: mark(8, 100),
      intervalUs: 400_000,
    }
    const { heads, standing, since } = viewA({ standing: 1, since: 3 as Round, paces: [pace] })
    assert.deepEqual(heads, [
      {
        name: 'head',
        unit: 'blocks',
        scale: 0,
        value: 100n,
        weight: 4,
        intervalUs: 400_000,
        behindMs: 0,
        risenAt: 8,
      },
    ])
    assert.deepEqual([standing, since], ['advancing', 3])
  })

  it('knows no interval and no time behind while the head in front has not risen', () => {
    const unpaced = { older: mark(9, 100), newer: mark(9, 100), last: mark(9, 100), intervalUs: 0 }
    const [head] = viewA({ paces: [{ name: fromText('head'), ...unpaced }] }).heads
    assert.deepEqual([head?.intervalUs, head?.behindMs, head?.risenAt], [undefined, undefined, 9])
    assert.equal(viewA({}).heads[0]?.risenAt, undefined)
  })

  it('says who stands where at a fork, that of most first, and who is astray', () => {
    const fork = {
      identity: fromText('block-hash'),
      height: 100,
      majority: [fromHex(hashOf('aa'))],
    }
    const targets = {
      a1: block(100, 'aa'),
      a2: block(99, 'bb'),
      a3: { ...block(100, 'bb'), astray: 1 },
      a4: block(100, 'aa'),
    }
    const group = viewA({ standing: 3, forks: [fork] }, targets)
    assert.deepEqual(group.forks, [
      {
        identity: 'block-hash',
        height: 100,
        branches: [
          { value: hashOf('aa'), targets: ['a1', 'a4'] },
          { value: hashOf('bb'), targets: ['a3'] },
        ],
        majority: hashOf('aa'),
        astray: ['a3'],
      },
    ])
    assert.deepEqual(
      group.targets.map(({ id, astray }) => [id, astray]),
      [
        ['a1', false],
        ['a2', false],
        ['a3', true],
        ['a4', false],
      ],
    )
    assert.equal(describeStanding(group), '1 of 4 targets on another chain than most: a3')
  })

  it('names signals by the target that the state names them by', () => {
    const signals = [
      { target: 1 as TargetIndex, signal: 0, targets: 3, value: toBits(-7n) },
      { target: 0 as TargetIndex, signal: 9, targets: 3, value: toBits(1n) },
    ]
    assert.deepEqual(viewA({ signals }).signals, [
      { name: 'latency', unit: 'us', scale: 0, value: -7n, targets: 3 },
    ])
  })
})

describe('describeStanding', () => {
  const forked = (
    targets: Readonly<Record<string, Partial<TargetState>>>,
    forks: GroupState['forks'],
  ) => describeStanding(viewA({ standing: 3, forks }, targets))

  it('says of an even split that nobody knows who is right', () => {
    const split = { identity: fromText('block-hash'), height: 100, majority: [] }
    const targets = {
      a1: { ...block(100, 'aa'), astray: 1 },
      a2: { ...block(100, 'bb'), astray: 1 },
    }
    assert.equal(forked(targets, [split]), 'its targets are split over what chain is right: a1, a2')
  })

  it('still names who is astray where no height compares them any more', () => {
    assert.equal(forked({ a2: { astray: 1 } }, []), '1 of 4 targets on another chain than most: a2')
  })

  it('tells of the head that moves fastest, not of those that follow it', () => {
    const group = viewA({ standing: 1 })
    const [head] = group.heads
    assert.ok(head !== undefined)
    const heads = [
      { ...head, name: 'finalized', intervalUs: 9_000_000 },
      { ...head, intervalUs: 2_400_000 },
    ]
    assert.equal(describeStanding({ ...group, heads }), 'head rises by one in 2.4 s')
  })

  it('tells a chain that stands still from one it cannot follow', () => {
    assert.match(describeStanding(viewA({ standing: 2 })), /^no head rose/)
    assert.match(describeStanding(viewA({ standing: 4 })), /^no head can be followed/)
    assert.match(describeStanding(viewA({ standing: 0 })), /^no head can be followed/)
  })
})
