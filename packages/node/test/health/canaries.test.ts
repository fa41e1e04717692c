import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Round } from '@watchfire/attestation'
import { makeCanaries, type OpenCanary } from '../../src/health/canaries.ts'

function make(open: ReadonlySet<string>, addresses: readonly string[], failedPercentMax = 50) {
  const asked: string[] = []
  const openCanary: OpenCanary = (host, port) => {
    asked.push(`${host}:${port}`)
    return Promise.resolve(open.has(`${host}:${port}`))
  }
  const options = { addresses, failedPercentMax, budgetMs: 1000, open: openCanary }
  return { asked, canaries: makeCanaries(options) }
}

describe('canaries', () => {
  it('are asked once a round, and anew in the next', async () => {
    const open = new Set(['b:2'])
    const { asked, canaries } = make(open, ['a:1', 'b:2'])
    assert.equal(canaries.report(), undefined)
    await Promise.all([canaries.ask(7 as Round), canaries.ask(7 as Round)])
    assert.deepEqual(asked, ['a:1', 'b:2'])
    assert.deepEqual(canaries.report(), { total: 2, failed: ['a:1'], isTooMany: false })
    open.clear()
    await canaries.ask(8 as Round)
    assert.deepEqual(canaries.report(), { total: 2, failed: ['a:1', 'b:2'], isTooMany: true })
    open.add('a:1')
    await canaries.ask(9 as Round)
    assert.equal(canaries.report()?.isTooMany, false)
  })

  it('are too many that fail above the share, and not at it', async () => {
    const addresses = ['a:1', 'a:2', 'a:3', 'a:4']
    for (const [failures, percentMax, isTooMany] of [
      [1, 25, false],
      [1, 24, true],
      [2, 50, false],
      [3, 50, true],
      [3, 75, false],
      [4, 99, true],
      [0, 0, false],
      [1, 0, true],
    ] as const) {
      const { canaries } = make(new Set(addresses.slice(failures)), addresses, percentMax)
      await canaries.ask(1 as Round)
      assert.equal(canaries.report()?.isTooMany, isTooMany, `${failures} at ${percentMax} %`)
    }
  })

  it('fail where asking throws, and say nothing where there are none', async () => {
    const open = () => Promise.reject(new Error('oh'))
    const options = { addresses: ['a:1'], failedPercentMax: 50, budgetMs: 1000, open }
    const throwing = makeCanaries(options)
    await throwing.ask(1 as Round)
    assert.equal(throwing.report()?.isTooMany, true)
    const none = make(new Set(), []).canaries
    await none.ask(1 as Round)
    assert.equal(none.report(), undefined)
  })

  it('are asked over TCP, within what a round leaves, and let go of when the node stops', async () => {
    const server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port: closedPort } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const addresses = [`127.0.0.1:${port}`, `127.0.0.1:${closedPort}`]
    const canaries = makeCanaries({ addresses, failedPercentMax: 50, budgetMs: 1000 })
    await canaries.ask(1 as Round)
    assert.deepEqual(canaries.report()?.failed, [`127.0.0.1:${closedPort}`])
    await new Promise((resolve) => server.close(resolve))
    const hanging: OpenCanary = (_host, _port, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(false)))
    const options = { addresses: ['a:1'], failedPercentMax: 50, budgetMs: 20, open: hanging }
    const bounded = makeCanaries(options)
    await bounded.ask(1 as Round)
    assert.equal(bounded.report()?.isTooMany, true)
    const stopped = makeCanaries({ ...options, budgetMs: 60_000 })
    const asking = stopped.ask(1 as Round)
    stopped.stop()
    await asking
    assert.equal(stopped.report(), undefined)
  })
})
