import assert from 'node:assert/strict'
import { makeInputQueue } from '../../src/loop/input-queue.ts'

describe('input queue', () => {
  it('gives what is ours first, then agreement, then the bulk, each in its order', () => {
    const queue = makeInputQueue<string>({ own: 9, agreement: 9, bulk: 9 })
    queue.push('b1', 'bulk')
    queue.push('a1', 'agreement')
    queue.push('o1', 'own')
    queue.push('a2', 'agreement')
    assert.equal(queue.shift(), 'o1')
    assert.equal(queue.shift(), 'a1')
    queue.push('a3', 'agreement')
    queue.push('o2', 'own')
    const rest = [queue.shift(), queue.shift(), queue.shift(), queue.shift(), queue.shift()]
    assert.deepEqual(rest, ['o2', 'a2', 'a3', 'b1', undefined])
  })

  it('says when a priority is full, the others being as they were', () => {
    const queue = makeInputQueue<number>({ own: 9, agreement: 9, bulk: 2 })
    queue.push(1, 'bulk')
    assert.equal(queue.isFull('bulk'), false)
    queue.push(2, 'bulk')
    assert.equal(queue.isFull('bulk'), true)
    assert.equal(queue.isFull('agreement'), false)
    assert.equal(queue.size, 2)
  })
})
