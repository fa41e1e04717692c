import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Round, Target, UnixMs } from '@watchfire/attestation'
import { getEnding, makeTarget } from '../../src/compliance/harness.ts'
import type { ProbeAnswer, ProbeContext, ProbeKind } from '../../src/kind.ts'
import { makeRegistry } from '../../src/registry.ts'
import type { ProbedTarget } from '../../src/schedule/run-round.ts'
import { makeScheduler, type SchedulerOptions } from '../../src/schedule/scheduler.ts'
import { failed } from '../../src/steps.ts'
import { type FakeClock, makeFakeClock } from '../fake-clock.ts'
import { makeFakeKind, never, reachedNothing } from '../fake-kind.ts'
import { makeRandom } from '../seeded-random.ts'

const START_MS = 1_000_000
const ROUND = 7 as Round

/** 100 ms of these 1,000 are kept for signing. */
const ATTEST_BY_MS = 1000
const END_MS = 900
/** By then every probe of 800 ms has begun: nine tenths of the 100 to spare. */
const BEGUN_MS = 90

interface Setup {
  readonly clock: FakeClock
  readonly stopping: AbortController
  readonly run: (startMs?: number) => { results: () => readonly ProbedTarget[] | undefined }
  readonly close: () => void
}

/** A scheduler of `names.length` targets whose probes are `probe`. */
function setUp(
  names: readonly string[],
  probe: (name: string, context: ProbeContext) => Promise<ProbeAnswer> | ProbeAnswer,
  options: Partial<SchedulerOptions> & { timeoutMs?: number; lateMs?: number } = {},
): Setup {
  const kind: ProbeKind = makeFakeKind(probe)
  const clock = makeFakeClock(START_MS + (options.lateMs ?? 0))
  const stopping = new AbortController()
  const scheduler = makeScheduler({
    targets: names.map((name) => makeTarget(kind, { name }, options.timeoutMs ?? 800)),
    attestByMs: ATTEST_BY_MS,
    registry: makeRegistry([kind]),
    allow: [],
    concurrency: 64,
    random: () => 0,
    clock,
    ...options,
  })
  return {
    clock,
    stopping,
    run(startMs = START_MS) {
      let results: readonly ProbedTarget[] | undefined
      void scheduler
        .run(ROUND, startMs as UnixMs, stopping.signal)
        .then((value) => (results = value))
      return { results: () => results }
    },
    close: () => scheduler.close(),
  }
}

function getEndings(results: readonly ProbedTarget[] | undefined): string[] | undefined {
  return results?.map(({ result }) => getEnding(result))
}

describe('scheduler', () => {
  it('gives one result for each target, in their order, as soon as all are done', async () => {
    const { clock, run } = setUp(['a', 'b', 'c'], (name) =>
      name === 'b' ? failed('refused', 'no') : reachedNothing,
    )
    const { results } = run()
    await clock.advance(BEGUN_MS)
    assert.deepEqual(getEndings(results()), ['reached', 'refused', 'reached'])
    assert.deepEqual(
      results()?.map(({ target }) => target),
      [0, 1, 2],
    )
    assert.equal(clock.countTimers(), 0)
  })

  it('keeps nothing of a probe that is done but its result, while others of the round still run', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const contexts = new Map<string, WeakRef<ProbeContext>>()
    const { clock, run } = setUp(['done', 'hanging'], (name, context) => {
      contexts.set(name, new WeakRef(context))
      return name === 'done' ? reachedNothing : never()
    })
    const { results } = run()
    await clock.advance(BEGUN_MS)
    collectGarbage()
    assert.equal(results(), undefined)
    assert.equal(contexts.get('done')?.deref(), undefined)
    assert.notEqual(contexts.get('hanging')?.deref(), undefined)
    await clock.advance(END_MS)
    assert.deepEqual(getEndings(results()), ['reached', 'timeout'])
  })

  it('gives no results at once when there are no targets', async () => {
    const { clock, run } = setUp([], never)
    const { results } = run()
    await clock.advance(0)
    assert.deepEqual(results(), [])
    assert.equal(clock.countTimers(), 0)
  })

  it('calls a target that hangs timed out after its own time, and no earlier', async () => {
    const { clock, run } = setUp(['a'], never)
    const { results } = run()
    await clock.advance(799)
    assert.equal(results(), undefined)
    await clock.advance(1)
    assert.deepEqual(getEndings(results()), ['timeout'])
  })

  it('ends every probe before results are due, though a target was promised longer', async () => {
    const { clock, run } = setUp(['a'], never, { timeoutMs: 1000, lateMs: 5 })
    const { results } = run()
    await clock.advance(END_MS - 5 - 1)
    assert.equal(results(), undefined)
    await clock.advance(1)
    assert.deepEqual(getEndings(results()), ['timeout'])
  })

  it('aborts the signal of a probe at its deadline', async () => {
    let signal: AbortSignal | undefined
    const { clock, run } = setUp(['a'], (_name, context) => {
      ;({ signal } = context)
      return never()
    })
    run()
    await clock.advance(799)
    assert.equal(signal?.aborted, false)
    await clock.advance(1)
    assert.equal(signal?.aborted, true)
  })

  it('begins probes evenly over nine tenths of the time that is to spare', async () => {
    const startsMs: number[] = []
    const { clock, run } = setUp(
      Array.from({ length: 100 }, (_, index) => `${index}`),
      (_name, context) => {
        startsMs.push(context.nowMs() - START_MS)
        return reachedNothing
      },
      { timeoutMs: 500, random: makeRandom(1) },
    )
    run()
    await clock.advance(1000)
    const quarters = [0, 90, 180, 270].map(
      (fromMs) => startsMs.filter((ms) => ms >= fromMs && ms < fromMs + 90).length,
    )
    assert.equal(startsMs.length, 100)
    for (const count of quarters) assert.ok(count >= 22 && count <= 28, quarters.join(' '))
  })

  it('tells when each was to be asked and when it was, and of those not asked nothing', async () => {
    const { clock, run } = setUp(['a', 'b'], never, { concurrency: 1 })
    const { results } = run()
    await clock.advance(END_MS)
    const starts = results()?.map(({ start }) => start)
    const [asked] = (starts ?? []).filter((start) => start !== undefined)
    assert.equal(starts?.filter((start) => start === undefined).length, 1)
    assert.equal(asked?.begunMs, asked?.plannedMs)
  })

  it('tells a probe the round, when it began, and when its answer is due', async () => {
    let seen: Partial<ProbeContext> = {}
    const { clock, run } = setUp(['a'], (_name, context) => {
      seen = context
      return reachedNothing
    })
    run()
    await clock.advance(1)
    assert.equal(seen.round, ROUND)
    assert.equal(seen.roundStartMs, START_MS)
    assert.equal(seen.deadlineMs, START_MS + 800)
    assert.equal(seen.timeoutMs, 800)
  })

  it('runs no more probes at once than allowed, and the next as soon as one is done', async () => {
    const finish = new Map<string, () => void>()
    const { clock, run } = setUp(
      ['a', 'b', 'c'],
      (name) => new Promise((resolve) => finish.set(name, () => resolve(reachedNothing))),
      { concurrency: 2 },
    )
    const { results } = run()
    await clock.advance(BEGUN_MS)
    assert.equal(finish.size, 2)
    const [first = ''] = finish.keys()
    finish.get(first)?.()
    await clock.advance(10)
    assert.equal(finish.size, 3)
    for (const end of finish.values()) end()
    await clock.advance(10)
    assert.deepEqual(getEndings(results()), ['reached', 'reached', 'reached'])
  })

  it('abstains as overloaded for a target that finds no slot while half of its time is left', async () => {
    let asked = 0
    const { clock, run } = setUp(
      ['a', 'b'],
      () => {
        asked++
        return never()
      },
      { concurrency: 1 },
    )
    const { results } = run()
    await clock.advance(END_MS)
    assert.deepEqual(getEndings(results())?.toSorted(), ['overloaded', 'timeout'])
    assert.equal(asked, 1)
  })

  it('abstains as overloaded, not timed out, for a target that was asked late and cut short', async () => {
    const { clock, run } = setUp(['a'], never, { lateMs: 300 })
    const { results } = run()
    await clock.advance(END_MS - 300)
    assert.deepEqual(getEndings(results()), ['overloaded'])
  })

  it('asks nobody in a round whose time is over', async () => {
    let asked = 0
    const { clock, run } = setUp(
      ['a'],
      () => {
        asked++
        return never()
      },
      { lateMs: 5000 },
    )
    const { results } = run()
    await clock.advance(0)
    assert.deepEqual(getEndings(results()), ['overloaded'])
    assert.equal(asked, 0)
  })

  it('has all its places for the next round after one that came too late for all', async () => {
    const { clock, run } = setUp(['a', 'b'], () => reachedNothing, { lateMs: 700, concurrency: 1 })
    const late = run()
    await clock.advance(200)
    assert.deepEqual(getEndings(late.results()), ['overloaded', 'overloaded'])
    const next = run(clock.nowMs())
    await clock.advance(END_MS)
    assert.deepEqual(getEndings(next.results()), ['reached', 'reached'])
  })

  it('abstains as overloaded when the process itself was held up beyond a deadline', async () => {
    const { clock, run } = setUp(['a'], never)
    const { results } = run()
    await clock.advance(1)
    await clock.jump(5000)
    assert.deepEqual(getEndings(results()), ['overloaded'])
  })

  it('lets targets that hung hold only half of the slots in the next round', async () => {
    const asked: string[] = []
    const { clock, run } = setUp(
      ['h1', 'h2', 'h3', 'h4', 'q1', 'q2'],
      (name) => {
        asked.push(name)
        return name.startsWith('h') ? never() : reachedNothing
      },
      { concurrency: 4, timeoutMs: 450, random: makeRandom(3) },
    )
    const first = run()
    await clock.advance(END_MS)
    assert.deepEqual(getEndings(first.results())?.slice(0, 4), Array(4).fill('timeout'))

    asked.length = 0
    const second = run(clock.nowMs())
    // All begin in the first nine tenths of 450 ms; who hangs gives a slot back 450 ms after.
    await clock.advance(449)
    assert.deepEqual(asked.map((name) => name.charAt(0)).toSorted(), ['h', 'h', 'q', 'q'])
    await clock.advance(END_MS)
    assert.deepEqual(getEndings(second.results())?.slice(4), ['reached', 'reached'])
  })

  it('gives a target that hung all places again once it answers', async () => {
    let hangs = true
    let underWay = 0
    const { clock, run } = setUp(
      ['a', 'b'],
      (_name, { signal }) => {
        underWay++
        signal.addEventListener('abort', () => underWay--, { once: true })
        return hangs ? never() : reachedNothing
      },
      { concurrency: 2, timeoutMs: 400 },
    )
    const atOnce: number[] = []
    for (const isHanging of [true, false, true]) {
      hangs = isHanging
      const { results } = run(clock.nowMs())
      // By then both have begun, if both may: the first ends 400 ms after it began.
      await clock.advance(380)
      atOnce.push(underWay)
      await clock.advance(END_MS - 380)
      assert.equal(results()?.length, 2)
    }
    assert.deepEqual(atOnce, [2, 0, 2])
  })

  it('leaves nothing listening to the node’s end when a round is over', async () => {
    const { clock, run, stopping } = setUp(['a'], () => reachedNothing)
    const { results } = run()
    await clock.advance(BEGUN_MS)
    assert.equal(results()?.length, 1)
    assert.equal(getEventListeners(stopping.signal, 'abort').length, 0)
  })

  it('abstains as stopping for all that is not done when the node stops', async () => {
    const { clock, run, stopping } = setUp(
      ['a', 'b', 'c'],
      (name) => (name === 'a' ? reachedNothing : never()),
      { concurrency: 3 },
    )
    const { results } = run()
    await clock.advance(BEGUN_MS)
    stopping.abort()
    await clock.advance(0)
    assert.deepEqual(getEndings(results()), ['reached', 'stopping', 'stopping'])
    assert.equal(clock.countTimers(), 0)
  })

  it('does not begin a round after the node was told to stop', async () => {
    const { clock, run, stopping } = setUp(['a'], never)
    stopping.abort()
    const { results } = run()
    await clock.advance(0)
    assert.deepEqual(getEndings(results()), ['stopping'])
    assert.equal(clock.countTimers(), 0)
  })

  it('ends the rounds under way when it is closed', async () => {
    const { clock, run, close } = setUp(['a'], never)
    const { results } = run()
    await clock.advance(10)
    close()
    await clock.advance(0)
    assert.deepEqual(getEndings(results()), ['stopping'])
  })

  it('abstains as internal for a kind that throws, in whatever way', async () => {
    const { clock, run } = setUp(['sync', 'async', 'odd'], (name) => {
      if (name === 'sync') throw new Error('at once')
      if (name === 'async') return Promise.reject(new Error('later'))
      return undefined as never
    })
    const { results } = run()
    await clock.advance(BEGUN_MS)
    assert.deepEqual(getEndings(results()), ['internal', 'internal', 'internal'])
  })

  it('abstains for a target of a kind it lacks, or whose signals are in another unit', async () => {
    const kind = makeFakeKind(() => reachedNothing)
    const target = makeTarget(kind, { name: 'a' }, 800)
    const [first, ...others] = target.signals
    assert.ok(first !== undefined)
    const targets: Target[] = [
      target,
      { ...target, kind: new TextEncoder().encode('unheard-of') },
      { ...target, signals: [{ ...first, scale: 3 }, ...others] },
      { ...target, params: new TextEncoder().encode('{"name":1}') },
      { ...target, params: new TextEncoder().encode('{') },
      { ...target, identities: [{ name: new TextEncoder().encode('unheard-of') }] },
    ]
    const { clock, run } = setUp([], () => reachedNothing, { targets })
    const { results } = run()
    await clock.advance(1)
    assert.deepEqual(getEndings(results()), [
      'reached',
      ...Array.from({ length: 5 }, () => 'unsupported-kind'),
    ])
  })

  it('refuses options that no config check lets through', () => {
    assert.throws(() => setUp([], never, { concurrency: 0 }), RangeError)
    assert.throws(() => setUp([], never, { allow: ['127.0.0.1'] }), RangeError)
    assert.throws(() => setUp([], never, { ca: ['no certificate'] }), TypeError)
  })
})
