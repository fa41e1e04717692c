import assert from 'node:assert/strict'
import { beginInTurn, STARTS_PER_TURN_MAX } from '../../src/schedule/start-queue.ts'
import { makeFakeClock } from '../fake-clock.ts'

/** Starts at these moments, and what has begun, each with its moment. */
function setUp(momentsMs: readonly number[]) {
  const clock = makeFakeClock(1000)
  const begun: string[] = []
  const list = momentsMs.map((atMs) => ({
    atMs,
    begin: () => void begun.push(`${atMs}@${clock.monotonicMs()}`),
  }))
  const cancel = beginInTurn(list, clock)
  return { clock, begun, cancel }
}

describe('starts in turn', () => {
  it('begin each at its moment, in whatever order they are given, by one timer', async () => {
    const { clock, begun } = setUp([30, 10, 20.5, 10])
    assert.equal(clock.countTimers(), 1)
    await clock.advance(100)
    assert.deepEqual(begun, ['10@10', '10@10', '20.5@21', '30@30'])
    assert.equal(clock.countTimers(), 0)
  })

  it('begin at once where their moment has passed', async () => {
    const { clock, begun } = setUp([-5, 0])
    await clock.advance(0)
    assert.deepEqual(begun, ['-5@0', '0@0'])
  })

  it('make up for a time that was lost a few at a time, so that answers are read in between', async () => {
    const { clock, begun } = setUp(Array.from({ length: 3 * STARTS_PER_TURN_MAX }, () => 10))
    const seen: number[] = []
    const look = () => {
      seen.push(begun.length)
      if (begun.length < 3 * STARTS_PER_TURN_MAX) clock.setTimer(0, look)
    }
    clock.setTimer(10, look)
    await clock.jump(500)
    const steps = seen.map((count, index) => count - (seen[index - 1] ?? 0))
    assert.equal(begun.length, 3 * STARTS_PER_TURN_MAX)
    assert.ok(
      steps.every((step) => step <= STARTS_PER_TURN_MAX),
      steps.join(' '),
    )
  })

  it('do not begin once they are cancelled, be it by one of them', async () => {
    const { clock, begun, cancel } = setUp([10, 10, 20])
    await clock.advance(15)
    cancel()
    await clock.advance(100)
    assert.deepEqual(begun, ['10@10', '10@10'])
    assert.equal(clock.countTimers(), 0)

    const other = makeFakeClock(0)
    const list = [1, 2].map((atMs) => ({ atMs, begin: () => end() }))
    let ends = 0
    const stop = beginInTurn(list, other)
    const end = () => {
      ends++
      stop()
    }
    await other.jump(10)
    assert.equal(ends, 1)
  })
})
