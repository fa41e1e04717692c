import assert from 'node:assert/strict'
import type { Round, UnixMs } from '@watchfire/attestation'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { startServer } from '../../src/compliance/server.ts'
import type { Step } from '../../src/kind.ts'
import { makeAddressGuard } from '../../src/net/address-guard.ts'
import { makeTrust } from '../../src/net/authorities.ts'
import { makeBudget } from '../../src/schedule/budget.ts'
import { runProbe } from '../../src/schedule/run-probe.ts'
import { done } from '../../src/steps.ts'
import { makeFakeClock } from '../fake-clock.ts'
import { makeFakeKind, never, reachedNothing } from '../fake-kind.ts'

describe('one probe', () => {
  for (const [what, finish, ending] of [
    ['answers and forgets its connection', () => Promise.resolve(reachedNothing), 'reached'],
    ['ignores its deadline', never, 'timeout'],
    ['throws', () => Promise.reject(new Error('oh')), 'internal'],
  ] as const) {
    it(`closes what a kind opened that ${what}`, async () => {
      const server = await startServer((socket) => socket.resume())
      try {
        const kind = makeFakeKind(async (_name, { net }) => {
          const connection = await net.connect({ host: '127.0.0.1', port: server.port })
          assert.ok(connection.ok)
          return finish()
        })
        const result = await probeOnce(kind, { name: 'a' }, { timeoutMs: 250 })
        assert.equal(getEnding(result), ending)
        assert.equal(server.count(), 1)
        await server.drained()
      } finally {
        await server.close()
      }
    })
  }

  it('abstains as overloaded once a round’s time for patterns is used up', async () => {
    const clock = makeFakeClock(0)
    const kind = makeFakeKind(async (_name, context) => {
      const steps = ['a', 'b', 'c'].map((part) =>
        context.compute(() => {
          void clock.jump(600)
          return part
        }),
      )
      assert.deepEqual(
        steps.map((step) => (step.ok ? step.value : step.stop.status)),
        ['a', 'b', 'abstained'],
      )
      const [, , last] = steps
      return last?.ok === false ? last.stop : reachedNothing
    })
    const times = { timeoutMs: 5000, budgetMs: 5000, isFullBudget: true }
    const { result } = runProbe(
      { kind, params: { name: 'a' }, round: 1 as Round, roundStartMs: 0 as UnixMs, ...times },
      {
        guard: makeAddressGuard([]),
        resolve: async () => ({ ok: false, code: 'ENOTFOUND' }),
        trust: makeTrust([]),
        ...makeBudget(),
      },
      clock,
    )
    assert.equal(getEnding(await result), 'overloaded')
  })

  it('lets a kind connect to nobody once it is over', async () => {
    const server = await startServer((socket) => socket.resume())
    const { promise: tried, resolve: tell } = Promise.withResolvers<boolean>()
    try {
      const kind = makeFakeKind(async (_name, { net, signal }) => {
        signal.addEventListener('abort', () => {
          void net.connect({ host: '127.0.0.1', port: server.port }).then(({ ok }) => tell(ok))
        })
        return never()
      })
      const result = await probeOnce(kind, { name: 'a' }, { timeoutMs: 50 })
      assert.equal(getEnding(result), 'timeout')
      assert.equal(await tried, false)
      assert.equal(server.count(), 0)
    } finally {
      await server.close()
    }
  })

  it('goes on without a part that is not there in its time, and closes what that opened', async () => {
    const server = await startServer((socket) => socket.resume())
    const slowServer = await startServer((socket) => socket.resume())
    try {
      const kind = makeFakeKind(async (_name, context) => {
        const { net, phases } = context
        const own = await net.connect({ host: '127.0.0.1', port: server.port })
        phases.end()
        const [slow, quick, broken] = await Promise.all([
          context.askPart(50, async (part) => {
            assert.ok((await part.net.connect({ host: '127.0.0.1', port: slowServer.port })).ok)
            part.phases.begin('first-byte')
            return never()
          }),
          context.askPart(50, async (part) => {
            assert.equal(part.timeoutMs, 50)
            assert.ok(part.deadlineMs - part.nowMs() <= 50)
            return done(7n)
          }),
          context.askPart(50, () => Promise.reject(new Error('oh'))),
        ])
        assert.ok(!slow.step.ok && slow.step.stop.status === 'failed')
        assert.match(slow.step.stop.detail, /no answer in 50 ms \(first-byte\)/)
        assert.deepEqual(
          slow.phases.map(({ name }) => name),
          ['connect', 'first-byte'],
        )
        assert.deepEqual(quick, { step: { ok: true, value: 7n }, phases: [] })
        assert.ok(!broken.step.ok && broken.step.stop.status === 'abstained')
        assert.equal(broken.step.stop.reason, 'internal')
        await slowServer.drained()
        assert.ok(own.ok && !own.value.destroyed, 'what the probe itself opened stays')
        return reachedNothing
      })
      const result = await probeOnce(kind, { name: 'a' })
      assert.equal(getEnding(result), 'reached', JSON.stringify(result))
      await server.drained()
    } finally {
      await server.close()
      await slowServer.close()
    }
  })

  it('ends its parts when it is over, and those that are begun later at once', async () => {
    const server = await startServer((socket) => socket.resume())
    const { promise: ended, resolve: tell } = Promise.withResolvers<readonly Step<never>[]>()
    try {
      const kind = makeFakeKind(async (_name, context) => {
        const hang = () =>
          context.askPart<never>(60_000, async ({ net }) => {
            await net.connect({ host: '127.0.0.1', port: server.port })
            return never()
          })
        const early = hang()
        context.signal.addEventListener('abort', () => {
          void early.then(async ({ step }) => tell([step, (await hang()).step]))
        })
        return never()
      })
      const result = await probeOnce(kind, { name: 'a' }, { timeoutMs: 100 })
      assert.equal(getEnding(result), 'timeout')
      for (const step of await ended) {
        assert.ok(!step.ok && step.stop.status === 'abstained')
        assert.equal(step.stop.reason, 'stopping')
      }
      await server.drained()
    } finally {
      await server.close()
    }
  })
})
