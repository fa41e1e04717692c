import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type HostileHost, startHostileHost } from './hostile-host.ts'
import { meet } from './meet.ts'
import { subjects } from './subjects.ts'
import { waitUntil } from './wait-until.ts'

const TIMEOUT_MS = 800
const DEADLINES_MAX = 2
/** More than fit where one may wait: those beyond get no answer from the kernel either. */
const FILLERS = 8

describe('a hostile target whose process stands still', () => {
  let host: HostileHost
  beforeEach(() => {
    host = startHostileHost()
  })
  afterEach(() => host.stop())

  it('is timed out by every kind, though its kernel takes every connection', async () => {
    const port = await host.serve('none')
    host.freeze()
    const { meetings, tookMs } = await meet(subjects, port, { timeoutMs: TIMEOUT_MS })
    for (const { subject, ending } of meetings) assert.equal(ending, 'timeout', subject.name)
    assert.ok(tookMs <= TIMEOUT_MS * DEADLINES_MAX, `took ${tookMs} ms`)
    host.thaw()
    // It learns of them all at once, and that nobody waits any more.
    await waitUntil(async () => (await host.count(port)).taken >= subjects.length, 'not all came')
    await waitUntil(async () => (await host.count(port)).open === 0, 'a connection stays open')
  })

  it('is timed out by every kind where not even its kernel answers any more', async () => {
    const port = await host.serve('none', { backlog: 1 })
    host.freeze()
    const fillers = Array.from({ length: FILLERS }, () => connect(port, '127.0.0.1'))
    try {
      for (const filler of fillers) filler.on('error', () => filler.destroy())
      await once(fillers[0] as Socket, 'connect')
      await waitUntil(() => fillers.filter(({ connecting }) => !connecting).length >= 2, 'not full')
      const { meetings, tookMs } = await meet(subjects, port, { timeoutMs: TIMEOUT_MS })
      for (const { subject, ending, detail } of meetings) {
        assert.equal(ending, 'timeout', subject.name)
        assert.match(detail, /\(connect\)/, subject.name)
      }
      assert.ok(tookMs <= TIMEOUT_MS * DEADLINES_MAX, `took ${tookMs} ms`)
    } finally {
      for (const filler of fillers) filler.destroy()
    }
  })
})
