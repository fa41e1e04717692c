import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { makeFakeClock } from '../fake-clock.ts'
import { type DrawnTarget, END_MS, type Seen, START_MS, watch } from './watched-rounds.ts'

const RUNS = { numRuns: 60 }

const timeoutMs = fc.constantFrom(100, 300, 500, 800, 900, 2000)
const answering: fc.Arbitrary<DrawnTarget> = fc.record({
  timeoutMs,
  answersAfterMs: fc.constantFrom(0, 1, 20, 99),
})
const hanging: fc.Arbitrary<DrawnTarget> = fc.record({
  timeoutMs,
  answersAfterMs: fc.constant('never' as const),
})
const targets = fc.array(fc.oneof(answering, hanging), { minLength: 1, maxLength: 60 })
const seed = fc.nat()

/** The budget that a target was promised. */
function getFullMs(target: DrawnTarget | undefined): number {
  return Math.min(target?.timeoutMs ?? 0, END_MS)
}

function check(seen: readonly Seen[] | undefined): readonly Seen[] {
  assert.ok(seen !== undefined, 'the round has no results when they are due')
  return seen
}

describe('a scheduler of any targets', () => {
  it('has no more probes under way than allowed, and says of those left out that it was overloaded', async () => {
    await fc.assert(
      fc.asyncProperty(targets, fc.integer({ min: 1, max: 20 }), seed, async (drawn, most, s) => {
        const { clock, begin, inFlightMax, takeAsked } = watch({
          targets: drawn,
          concurrency: most,
          seed: s,
        })
        const results = begin()
        await clock.advance(END_MS)
        const seen = check(results())
        assert.ok(inFlightMax() <= most, `${inFlightMax()} of ${most} at once`)
        const asked = takeAsked()
        for (const [index, { ending, begunMs }] of seen.entries()) {
          assert.ok((asked[index] ?? 0) <= 1, 'asked twice')
          assert.equal(begunMs !== undefined, asked[index] === 1)
          const target = drawn[index]
          const hadMs = Math.min(getFullMs(target), END_MS - (begunMs ?? 0))
          const hasAnswered =
            target?.answersAfterMs !== 'never' && (target?.answersAfterMs ?? 0) < hadMs
          // Who had its time is down; who was cut short by us is not.
          const silent = hadMs * 10 >= getFullMs(target) * 9 ? 'timeout' : 'overloaded'
          if (begunMs === undefined) assert.equal(ending, 'overloaded')
          else assert.equal(ending, hasAnswered ? 'reached' : silent)
        }
        assert.equal(clock.countTimers(), 0)
      }),
      RUNS,
    )
  })

  it('begins each at its moment however many others hang, as long as there are places', async () => {
    await fc.assert(
      fc.asyncProperty(targets, seed, async (drawn, s) => {
        const { clock, begin } = watch({ targets: drawn, concurrency: drawn.length, seed: s })
        const results = begin()
        await clock.advance(END_MS)
        for (const { begunMs, plannedMs } of check(results())) assert.equal(begunMs, plannedMs)
      }),
      RUNS,
    )
  })

  it('begins each at its moment though more are known to hang than there are places', async () => {
    const crowd = fc.tuple(
      fc.array(hanging, { minLength: 8, maxLength: 60 }),
      fc.array(fc.record({ timeoutMs, answersAfterMs: fc.constant(0) }), { maxLength: 40 }),
    )
    await fc.assert(
      fc.asyncProperty(crowd, seed, async ([hung, quick], s) => {
        const { clock, begin } = watch({ targets: [...hung, ...quick], concurrency: 8, seed: s })
        // Who hangs is learned by asking: those left out for the others are learned of next.
        for (let round = 0; round < hung.length; round++) {
          const results = begin(clock.nowMs())
          await clock.advance(END_MS)
          check(results())
        }
        const results = begin(clock.nowMs())
        await clock.advance(END_MS)
        for (const { begunMs, plannedMs, ending } of check(results()).slice(hung.length)) {
          assert.equal(ending, 'reached')
          assert.equal(begunMs, plannedMs)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('moves no probe when the wall clock is set, forward or back, in the middle of a round', async () => {
    const jumps = fc.array(
      fc.record({ afterMs: fc.nat(300), byMs: fc.integer({ min: -5_000_000, max: 5_000_000 }) }),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(
        targets,
        fc.integer({ min: 1, max: 30 }),
        seed,
        jumps,
        async (drawn, concurrency, s, list) => {
          const steady = watch({ targets: drawn, concurrency, seed: s })
          const expected = steady.begin()
          await steady.clock.advance(END_MS)
          const { clock, begin } = watch({ targets: drawn, concurrency, seed: s })
          const results = begin()
          let leftMs = END_MS
          for (const { afterMs, byMs } of list) {
            const passMs = Math.min(afterMs, leftMs)
            await clock.advance(passMs)
            leftMs -= passMs
            clock.setWall(byMs)
          }
          await clock.advance(leftMs)
          assert.deepEqual(check(results()), check(expected()))
          assert.equal(clock.countTimers(), 0)
        },
      ),
      RUNS,
    )
  })

  it('ends a round within its time though the clock was set back before it began', async () => {
    const { clock, begin } = watch({
      targets: [{ timeoutMs: 300, answersAfterMs: 'never' }],
      concurrency: 1,
      seed: 1,
    })
    clock.setWall(-3_600_000)
    const results = begin()
    await clock.advance(END_MS)
    assert.deepEqual(
      check(results()).map(({ ending }) => ending),
      ['timeout'],
    )
  })

  it('abstains as overloaded, and names no target down, when its process is held up', async () => {
    await fc.assert(
      fc.asyncProperty(
        targets,
        seed,
        fc.nat(END_MS),
        fc.integer({ min: END_MS + 251, max: 60_000 }),
        async (drawn, s, afterMs, heldMs) => {
          const { clock, begin } = watch({ targets: drawn, concurrency: 1000, seed: s })
          const results = begin()
          await clock.advance(afterMs)
          const ended = results()?.length
          await clock.jump(heldMs)
          const seen = check(results())
          for (const [index, { ending, begunMs }] of seen.entries()) {
            const endsMs = (begunMs ?? Number.POSITIVE_INFINITY) + getFullMs(drawn[index])
            const mayBeDown = ended !== undefined || endsMs <= afterMs
            if (ending === 'timeout') assert.ok(mayBeDown, `down, begun at ${begunMs}`)
          }
          assert.equal(clock.countTimers(), 0)
        },
      ),
      RUNS,
    )
  })

  it('leaves nothing behind when it ends in the middle of a round, and asks nobody after', async () => {
    await fc.assert(
      fc.asyncProperty(
        targets,
        fc.integer({ min: 1, max: 20 }),
        seed,
        fc.nat(END_MS),
        fc.boolean(),
        async (drawn, concurrency, s, afterMs, byClosing) => {
          const stopping = new AbortController()
          const { clock, begin, close, inFlight, takeAsked } = watch({
            targets: drawn,
            concurrency,
            seed: s,
          })
          const results = begin(START_MS, stopping.signal)
          await clock.advance(afterMs)
          const finished = results()
          takeAsked()
          if (byClosing) close()
          else stopping.abort()
          await clock.advance(0)
          const seen = check(results())
          if (finished !== undefined) assert.deepEqual(seen, finished)
          for (const [index, { ending, begunMs }] of seen.entries()) {
            const target = drawn[index]
            const isOver = begunMs !== undefined && begunMs + getFullMs(target) <= afterMs
            if (finished === undefined && ending === 'timeout') assert.ok(isOver)
            if (begunMs === undefined) assert.ok(ending === 'stopping' || ending === 'overloaded')
          }
          await clock.advance(END_MS)
          assert.ok(
            takeAsked().every((count) => count === 0),
            'asked after the end',
          )
          assert.equal(inFlight(), 0)
        },
      ),
      RUNS,
    )
  })

  it('is not disturbed by the one of the targets before it, which ends as it begins', async () => {
    await fc.assert(
      fc.asyncProperty(targets, targets, seed, fc.nat(END_MS), async (before, after, s, ms) => {
        const alone = watch({ targets: after, concurrency: 5, seed: s })
        const expected = alone.begin()
        await alone.clock.advance(END_MS)

        const clock = makeFakeClock(START_MS)
        const old = watch({ targets: before, concurrency: 5, seed: s + 1, clock })
        const left = old.begin(clock.nowMs())
        await clock.advance(ms)
        const young = watch({ targets: after, concurrency: 5, seed: s, clock })
        const results = young.begin(clock.nowMs())
        old.close()
        await clock.advance(END_MS)
        assert.equal(check(left()).length, before.length)
        assert.deepEqual(check(results()), check(expected()))
        assert.equal(old.inFlight() + young.inFlight(), 0)
        assert.equal(clock.countTimers(), 0)
      }),
      RUNS,
    )
  })
})
