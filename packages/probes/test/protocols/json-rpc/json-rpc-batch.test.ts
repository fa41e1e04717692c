import assert from 'node:assert/strict'
import type { UnixMs } from '@watchfire/attestation'
import type { Step } from '../../../src/kind.ts'
import type { JsonRpc, RpcAnswer } from '../../../src/protocols/json-rpc/json-rpc.ts'
import { callAll } from '../../../src/protocols/json-rpc/json-rpc-batch.ts'
import { done, failed, stopped } from '../../../src/steps.ts'

const BEGAN_MS = 1_750_000_000_000

describe('calls of a probe', () => {
  /** A server that takes no batch and needs 400 ms a call. */
  function makeServer(answer: (method: string) => Step<RpcAnswer>) {
    let nowMs = BEGAN_MS
    const asked: string[] = []
    const rpc: JsonRpc = {
      async call(method) {
        nowMs += 400
        asked.push(method)
        return answer(method)
      },
      batch: async () => done(undefined),
      close: () => undefined,
    }
    const context = {
      nowMs: () => nowMs as UnixMs,
      deadlineMs: (BEGAN_MS + 1000) as UnixMs,
      timeoutMs: 1000,
    }
    return { rpc, asked, context }
  }

  const calls = ['one', 'two', 'three', 'four'].map((method) => ({ method, params: [] }))
  const answered = done({ ok: true, result: '0x1' } as const)

  it('leave out what is optional once half of the time is used, and nothing else', async () => {
    const { rpc, asked, context } = makeServer(() => answered)
    const [one, two, three, four] = calls
    assert.ok(one && two && three && four)
    const optional = true as const
    const list = [one, { ...two, optional }, { ...three, optional }, four]
    const result = await callAll(rpc, list, true, context)
    assert.ok(result.ok)
    assert.deepEqual(asked, ['one', 'two', 'four'])
    assert.deepEqual(
      result.value.map(({ ok }) => ok),
      [true, true, false, true],
    )
  })

  it('end with one that is not optional and refused, and with any that loses the connection', async () => {
    for (const [outcome, optional, ends] of [
      ['auth', true, false],
      ['auth', undefined, true],
      ['status', true, false],
      ['reset', true, true],
    ] as const) {
      const { rpc, context } = makeServer((method) =>
        method === 'one' ? stopped(failed(outcome, 'no')) : answered,
      )
      const list = calls.map((call) => (optional === true ? { ...call, optional } : call))
      const result = await callAll(rpc, list, false, context)
      assert.equal(result.ok, !ends, `${outcome} ${optional}`)
    }
  })
})
