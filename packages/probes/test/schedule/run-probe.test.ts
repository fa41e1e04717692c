import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { startServer } from '../../src/compliance/server.ts'
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
})
