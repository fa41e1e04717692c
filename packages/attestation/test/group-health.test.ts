import assert from 'node:assert/strict'
import { describeStanding, findForks, type GroupHealth, viewGroups } from '../src/index.ts'
import { hashOf, makeHealthContext, makeHealthState } from './support/health-fixture.ts'

const context = makeHealthContext()
const state = (
  ...rest: Parameters<typeof makeHealthState> extends [unknown, ...infer R] ? R : never
) => makeHealthState(context, ...rest)

function viewA(...states: ReturnType<typeof state>[]): GroupHealth {
  const group = viewGroups(context, states).find(({ id }) => id === 'a')
  assert.ok(group !== undefined)
  return group
}

describe('findForks', () => {
  it('finds the node that is on another chain than most at the same height', () => {
    const one = state(1, {
      a1: { block: [100, 'aa'] },
      a2: { block: [100, 'aa'] },
      a3: { block: [100, 'bb'] },
      a4: { block: [100, 'aa'] },
    })
    assert.deepEqual(findForks(context, [one], 'a'), [
      {
        identity: 'block-hash',
        height: 100,
        branches: [
          { value: hashOf('aa'), targets: ['a1', 'a2', 'a4'] },
          { value: hashOf('bb'), targets: ['a3'] },
        ],
        majority: hashOf('aa'),
        astray: ['a3'],
      },
    ])
  })

  it('compares only what is of one height, and no identity that differs by nature', () => {
    const one = state(1, {
      a1: { block: [100, 'aa'], client: 'geth' },
      a2: { block: [101, 'bb'], client: 'reth' },
      a3: { client: 'besu' },
    })
    assert.deepEqual(findForks(context, [one], 'a'), [])
  })

  it('compares heights that two nodes were asked for in different rounds', () => {
    const states = [
      state(1, { a1: { block: [100, 'aa'] }, a2: { block: [99, 'cc'] } }),
      state(2, { a1: { block: [101, 'dd'] }, a2: { block: [100, 'bb'] } }),
    ]
    const [fork] = findForks(context, states, 'a')
    assert.equal(fork?.height, 100)
  })

  it('says of an even split that nobody knows who is right', () => {
    const one = state(1, { a1: { block: [100, 'bb'] }, a2: { block: [100, 'aa'] } })
    const [fork] = findForks(context, [one], 'a')
    assert.equal(fork?.majority, undefined)
    assert.deepEqual(fork?.astray, ['a1', 'a2'])
    assert.deepEqual(
      fork.branches.map(({ value }) => value),
      [hashOf('aa'), hashOf('bb')],
    )
  })

  it('lets go of a node that came back to the others above', () => {
    const forked = state(1, {
      a1: { block: [100, 'aa'] },
      a2: { block: [100, 'aa'] },
      a3: { block: [100, 'bb'] },
    })
    const healed = state(2, {
      a1: { block: [110, 'cc'] },
      a2: { block: [110, 'cc'] },
      a3: { block: [110, 'cc'] },
    })
    assert.deepEqual(findForks(context, [forked, healed], 'a'), [])
    const still = state(2, { a1: { block: [110, 'cc'] }, a2: { block: [110, 'cc'] } })
    const [fork] = findForks(context, [forked, still], 'a')
    assert.deepEqual(fork?.astray, ['a3'])
  })

  it('holds a node to where it was last compared, though it has gone on alone', () => {
    const forked = state(1, {
      a1: { block: [100, 'aa'] },
      a2: { block: [100, 'aa'] },
      a3: { block: [100, 'bb'] },
    })
    const alone = state(2, { a1: { block: [101, 'cc'] }, a3: { block: [102, 'dd'] } })
    assert.deepEqual(findForks(context, [forked, alone], 'a')[0]?.astray, ['a3'])
  })

  it('compares nothing across groups', () => {
    const one = state(1, { a1: { block: [100, 'aa'] }, b1: { block: [100, 'bb'] } })
    assert.deepEqual(findForks(context, [one], 'a'), [])
  })
})

describe('viewGroups', () => {
  it('measures the block interval between certified rounds, gaps and all', () => {
    // Rounds of 2 s: from round 1 to 7 are 12 s, in which the head rises by 5.
    const { heads, standing } = viewA(
      state(1, {}, { a: 100 }),
      state(2, {}, { a: 100 }),
      state(7, {}, { a: 105 }),
    )
    const [head] = heads
    assert.ok(head !== undefined)
    const { name, unit, value, advance, overMs, intervalMs, advancedAt } = head
    assert.deepEqual(
      { name, unit, value, advance, overMs, intervalMs, advancedAt },
      {
        name: 'head',
        unit: 'blocks',
        value: 105n,
        advance: 5n,
        overMs: 12_000,
        intervalMs: 2400n,
        advancedAt: 7,
      },
    )
    assert.equal(standing, 'advancing')
    assert.equal(
      describeStanding(viewA(state(1, {}, { a: 0 }), state(7, {}, { a: 5 }))),
      'head rises by one in 2.4 s',
    )
  })

  it('tells in words of the head that moves fastest, not of those that follow it', () => {
    const group = viewA(state(1, {}, { a: 0 }), state(7, {}, { a: 5 }))
    const [head] = group.heads
    assert.ok(head !== undefined)
    const finalized = { ...head, name: 'finalized', intervalMs: 9000n }
    const heads = [finalized, head]
    assert.equal(describeStanding({ ...group, heads }), 'head rises by one in 2.4 s')
  })

  it('tells a chain that stands still from one it cannot follow', () => {
    const still = viewA(state(1, {}, { a: 100 }), state(9, {}, { a: 100 }))
    assert.equal(still.standing, 'still')
    assert.equal(still.heads[0]?.intervalMs, undefined)
    assert.equal(still.heads[0]?.advancedAt, undefined)
    assert.equal(viewA(state(1, {}, { a: 100 })).standing, 'unknown')
    assert.equal(viewA(state(1, {}), state(2, {})).standing, 'unknown')
  })

  it('gives no interval where a head went back', () => {
    const { standing, heads } = viewA(state(1, {}, { a: 100 }), state(2, {}, { a: 90 }))
    assert.equal(standing, 'still')
    assert.equal(heads[0]?.advance, -10n)
    assert.equal(heads[0]?.intervalMs, undefined)
  })

  it('puts a fork above all else, and says who is on it', () => {
    const forked = {
      a1: { block: [100, 'aa'] },
      a2: { block: [100, 'aa'] },
      a3: { block: [100, 'bb'] },
    } as const
    const group = viewA(state(1, {}, { a: 100 }), state(2, forked, { a: 101 }))
    assert.equal(group.standing, 'forked')
    assert.equal(describeStanding(group), '1 of 4 targets on another chain than most: a3')
  })

  it('gives the lower median of what targets say that are up and on the chain', () => {
    const one = state(1, {
      a1: { latencyUs: 10, block: [100, 'aa'] },
      a2: { latencyUs: 20, block: [100, 'aa'] },
      a3: { latencyUs: 9000, block: [100, 'bb'] },
      a4: { latencyUs: 1, verdict: 'down' },
    })
    assert.deepEqual(viewA(one).signals, [
      { name: 'latency', unit: 'us', scale: 0, value: 10n, targets: 2 },
    ])
  })

  it('looks at the newest states only, and lists every target of the chain', () => {
    const states = Array.from({ length: 40 }, (_, at) => state(at + 1, {}, { a: at }))
    const { heads, targets } = viewA(...states)
    assert.equal(heads[0]?.advance, 31n)
    assert.deepEqual(
      targets.map(({ id }) => id),
      ['a1', 'a2', 'a3', 'a4'],
    )
    assert.deepEqual(viewGroups(context, []), [])
  })

  it('looks at no state of another epoch, where groups and targets may be others', () => {
    const before = state(1, {}, { a: 100 })
    const other = { ...before, meta: { ...before.meta, epoch: 1 as never }, groups: [] }
    assert.equal(viewA(other, state(2, {}, { a: 105 })).standing, 'unknown')
    assert.deepEqual(viewGroups(context, [other]), [])
  })
})
