import assert from 'node:assert/strict'
import { fromText, readReason, reasonKinds, type TargetState, toBits } from '../src/index.ts'
import { makeHealthContext, makeHealthState } from './support/health-fixture.ts'

const context = makeHealthContext()
const target = context.parameters.targets[0] ?? assert.fail()

function read(changes: Partial<TargetState>, heads: Readonly<Record<string, number>> = {}) {
  const state = makeHealthState(context, 9, { a1: { changes } }, heads)
  return readReason(target, state.targets[0] ?? assert.fail(), state.groups)
}
const vantages = [
  { region: fromText(''), reached: 0, failed: 1, abstained: 0 },
  { region: fromText('eu'), reached: 2, failed: 0, abstained: 0 },
  { region: fromText('us'), reached: 0, failed: 1, abstained: 0 },
]

describe('readReason', () => {
  it('says nothing of a target that needs no reason', () => {
    assert.equal(read({}), undefined)
  })

  it('names the threshold that holds, the value with its unit, and the limit', () => {
    const { threshold } = reasonKinds
    const latency = { index: 0, weight: 4, value: toBits(812_000n) }
    const above = read({ reasonKind: threshold, reasonCode: 0, signals: [latency] })
    assert.deepEqual(above, {
      kind: 'threshold',
      code: 'latency',
      words: 'latency 812 ms is above 750 ms',
    })
    const head = { index: 1, weight: 4, value: toBits(120n) }
    const lag = { reasonKind: threshold, reasonCode: 1, signals: [head] }
    assert.equal(
      read(lag, { a: 127 })?.words,
      "head 120 blocks is 7 blocks behind its group's 127 blocks, more than 5 blocks",
    )
    assert.equal(read(lag)?.words, 'head 120 blocks is more than 5 blocks behind')
  })

  it('says of one that holds within its bound what it must come back to', () => {
    const { threshold } = reasonKinds
    const latency = { index: 0, weight: 4, value: toBits(700_000n) }
    assert.equal(
      read({ reasonKind: threshold, reasonCode: 0, signals: [latency] })?.words,
      'latency 700 ms was above 750 ms and is not back at 600 ms',
    )
    const head = { index: 1, weight: 4, value: toBits(120n) }
    assert.equal(
      read({ reasonKind: threshold, reasonCode: 1, signals: [head] }, { a: 124 })?.words,
      "head 120 blocks is 4 blocks behind its group's 124 blocks: it was more than 5 blocks and is not back at 2 blocks",
    )
  })

  it('names the outcome, and the regions that saw it', () => {
    const changes = { reached: 0, failed: 2, outcome: 2, reasonKind: reasonKinds.outcome, vantages }
    assert.deepEqual(read({ ...changes, reasonCode: 2 }), {
      kind: 'outcome',
      code: 'timeout',
      words: '2 of 2 observing fail with timeout (no region 1, us 1)',
    })
    assert.match(read({ ...changes, reasonCode: 0 })?.words ?? '', /fail in different ways \(no/)
  })

  it('says who sees what where observers differ', () => {
    const changes = { reached: 2, failed: 2, reasonKind: reasonKinds.share, vantages }
    assert.equal(
      read(changes)?.words,
      'observers differ: 2 reach it (eu 2), 2 do not (no region 1, us 1)',
    )
    const [, only] = vantages
    assert.ok(only !== undefined)
    assert.equal(
      read({ ...changes, vantages: [only] })?.words,
      'observers differ: 2 reach it, 2 do not',
    )
  })

  it('keeps the numbers of now out of a reason that another verdict is about to replace', () => {
    const held = { streak: 1, streakCount: 1 }
    const { outcome, share, vantage } = reasonKinds
    assert.equal(
      read({ ...held, reasonKind: outcome, reasonCode: 2 })?.words,
      'it failed with timeout',
    )
    assert.equal(read({ ...held, reasonKind: share })?.words, 'observers differed')
    assert.equal(
      read({ ...held, reasonKind: vantage })?.words,
      'it failed from too few distinct places',
    )
  })
})
