import assert from 'node:assert/strict'
import { makeSlots } from '../../src/schedule/slots.ts'

describe('slots', () => {
  it('starts what comes while there is room, and the rest in turn as it is given back', () => {
    const slots = makeSlots(2)
    const started: string[] = []
    const back = ['a', 'b', 'c', 'd'].map((name) => slots.take('quick', () => started.push(name)))
    assert.deepEqual(started, ['a', 'b'])
    back[1]?.()
    back[1]?.()
    assert.deepEqual(started, ['a', 'b', 'c'])
  })

  it('lets a place in the queue be given up', () => {
    const slots = makeSlots(1)
    const started: string[] = []
    const [first, second] = ['a', 'b', 'c'].map((name) =>
      slots.take('quick', () => started.push(name)),
    )
    second?.()
    first?.()
    assert.deepEqual(started, ['a', 'c'])
  })

  it('gives slow ones half of the room at most, and quick ones all that is free', () => {
    const slots = makeSlots(4)
    const started: string[] = []
    for (const name of ['s1', 's2', 's3']) slots.take('slow', () => started.push(name))
    assert.deepEqual(started, ['s1', 's2'])
    for (const name of ['q1', 'q2', 'q3']) slots.take('quick', () => started.push(name))
    assert.deepEqual(started, ['s1', 's2', 'q1', 'q2'])
  })

  it('serves however many give their place back as they begin', () => {
    const slots = makeSlots(1)
    const giveBack = slots.take('quick', () => undefined)
    let begun = 0
    const backs = Array.from({ length: 50_000 }, (_, index) =>
      slots.take('quick', () => {
        begun++
        backs[index]?.()
      }),
    )
    giveBack()
    assert.equal(begun, 50_000)
  })

  it('lets slow ones run where there is one slot only', () => {
    const slots = makeSlots(1)
    const started: string[] = []
    slots.take('slow', () => started.push('s'))
    assert.deepEqual(started, ['s'])
  })

  it('refuses to have no slots', () => {
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => makeSlots(concurrency), RangeError)
    }
  })
})
