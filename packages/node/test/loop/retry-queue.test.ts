import assert from 'node:assert/strict'
import { makeRetryQueue } from '../../src/loop/retry-queue.ts'
import type { InboundMessage } from '../../src/ports.ts'

function makeMessage(from = 'a', size = 10): InboundMessage {
  return { topic: 'vote', shard: 0, bytes: new Uint8Array(size), from, via: 'gossip' }
}

describe('retry queue', () => {
  it('gives a message back when its time has come, not before', () => {
    const queue = makeRetryQueue()
    const message = makeMessage()
    assert.equal(queue.add(message, 0, 500), 'kept')
    assert.equal(queue.nextMs(), 500)
    assert.deepEqual(queue.takeDue(499), [])
    assert.deepEqual(queue.takeDue(500), [message])
    assert.equal(queue.size, 0)
    assert.equal(queue.nextMs(), undefined)
  })

  it('tries again soon where no time is named', () => {
    const queue = makeRetryQueue()
    queue.add(makeMessage(), 1000, undefined)
    assert.equal(queue.nextMs(), 1250)
  })

  it('lets no peer take the room of the others', () => {
    const queue = makeRetryQueue()
    let kept = 0
    for (let i = 0; i < 10_000; i += 1)
      if (queue.add(makeMessage('flood'), 0, 500) === 'kept') kept += 1
    assert.equal(kept, 256)
    assert.equal(queue.add(makeMessage('other'), 0, 500), 'kept')
  })

  it('is bounded in messages and in bytes, and frees both', () => {
    const queue = makeRetryQueue()
    for (let i = 0; i < 10_000; i += 1) queue.add(makeMessage(`p${i}`), 0, 500)
    assert.equal(queue.size, 2048)
    while (queue.takeDue(500).length > 0);
    for (let i = 0; i < 100; i += 1) queue.add(makeMessage(`p${i}`, 1_048_576), 600, 900)
    assert.equal(queue.size, 32)
    queue.takeDue(900)
    assert.equal(queue.add(makeMessage('p1', 1_048_576), 900, 950), 'kept')
  })

  it('gives few back at a time, so that what is fresh need not wait', () => {
    const queue = makeRetryQueue()
    for (let i = 0; i < 100; i += 1) queue.add(makeMessage(`p${i}`), 0, 500)
    assert.equal(queue.takeDue(500).length, 64)
    assert.equal(queue.nextMs(), 500)
    assert.equal(queue.takeDue(500).length, 36)
  })

  it('tries the same message less and less often', () => {
    const queue = makeRetryQueue()
    const message = makeMessage()
    const times: number[] = []
    for (let nowMs = 0; times.length < 8; times.push(nowMs)) {
      assert.equal(queue.add(message, nowMs, undefined), 'kept')
      nowMs = queue.nextMs() ?? assert.fail()
      assert.deepEqual(queue.takeDue(nowMs), [message])
    }
    assert.deepEqual(times, [250, 750, 1750, 3750, 7750, 15_750, 23_750, 31_750])
  })

  it('keeps room for what members signed, however much forgers bring', () => {
    const queue = makeRetryQueue()
    for (let i = 0; i < 10_000; i += 1) queue.add(makeMessage(`p${i}`), 0, 500)
    assert.equal(queue.add(makeMessage('honest'), 0, 500), 'full')
    assert.equal(queue.add(makeMessage('honest'), 0, 400, true), 'kept')
    assert.equal(queue.nextMs(), 400)
    assert.deepEqual(
      queue.takeDue(450).map(({ from }) => from),
      ['honest'],
    )
    assert.equal(queue.nextMs(), 500)
  })

  it('gives up on what nobody waits for any more, put back or not', () => {
    const queue = makeRetryQueue()
    const message = makeMessage()
    queue.add(message, 0, 70_000)
    assert.deepEqual(queue.takeDue(61_000), [])
    assert.equal(queue.size, 0)
    queue.add(message, 0, 100)
    queue.takeDue(100)
    assert.equal(queue.add(message, 61_000, undefined), 'full')
  })
})
