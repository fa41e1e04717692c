import assert from 'node:assert/strict'
import { startCanaries } from '../../src/health/canaries.ts'
import { TestClock } from '../fixtures.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('canaries', () => {
  it('are open when any of them opens, and asked again later', async () => {
    const clock = new TestClock()
    const open = new Set(['b:2'])
    const asked: string[] = []
    const canaries = startCanaries(['a:1', 'b:2'], clock, (host, port) => {
      asked.push(`${host}:${port}`)
      return Promise.resolve(open.has(`${host}:${port}`))
    })
    assert.equal(canaries.areOpen(), undefined)
    await settle()
    assert.equal(canaries.areOpen(), true)
    open.clear()
    clock.advance(5000)
    await settle()
    assert.equal(canaries.areOpen(), false)
    canaries.stop()
    clock.advance(60_000)
    assert.deepEqual(asked, ['a:1', 'b:2', 'a:1', 'b:2'])
  })

  it('that there are none of say nothing', () => {
    assert.equal(startCanaries([], new TestClock()).areOpen(), undefined)
  })
})
