import assert from 'node:assert/strict'
import { builtinKinds } from '../../src/builtin-kinds.ts'
import { type HostileHost, startHostileHost } from './hostile-host.ts'
import { meet, type Meeting } from './meet.ts'
import { subjects } from './subjects.ts'
import { vices } from './vices.ts'
import { waitUntil } from './wait-until.ts'

/** For a target that makes a probe wait; all wait together. */
const TIMEOUT_MS = 800
/** For one that is known by what it does; only a very busy machine comes near it. */
const TIMEOUT_MS_LONG = 4000
/** Tries where this machine itself stood in the way. */
const TRIES_MAX = 4
/** A deadline that is passed by as much again was passed by no busy machine, but by a probe. */
const DEADLINES_MAX = 2
/** Bytes that one probe may read, all its connections together: what JSON-RPC over a WebSocket may. */
const READ_BYTES_MAX = 8_388_608 + 131_072
/** What the kernel of either side may hold of one connection beyond that. */
const KERNEL_BYTES_MAX = 33_554_432
describe('a hostile target', () => {
  let host: HostileHost
  before(() => {
    host = startHostileHost()
  })
  after(() => host.stop())

  /** What must be so after any meeting: nothing open, nothing under way, no byte beyond bounds. */
  async function assertOver(meetings: readonly Meeting[], port: number): Promise<void> {
    for (const { subject, meter } of meetings) {
      await waitUntil(() => meter.underWay() === 0, `${subject.name} goes on after its end`)
      const read = meter.bytesRead()
      assert.ok(read <= READ_BYTES_MAX, `${subject.name} read ${read} bytes`)
    }
    await waitUntil(async () => (await host.count(port)).open === 0, 'a connection stays open')
    const { writtenMax } = await host.count(port)
    assert.ok(writtenMax <= READ_BYTES_MAX + KERNEL_BYTES_MAX, `could send ${writtenMax} bytes`)
  }

  it('is met by every built-in kind', () => {
    assert.deepEqual(
      // Of an echo only the kernel and the system's ping see bytes, and nothing is connected to.
      new Set([...subjects.map(({ kind }) => kind.kind), 'icmp']),
      new Set(builtinKinds.map(({ kind }) => kind)),
    )
  })

  for (const vice of vices) {
    it(`that ${vice.name} costs no kind more than its deadline and its bytes`, async () => {
      const chosen = subjects.filter(({ speech }) => vice.speeches.includes(speech))
      assert.ok(chosen.length > 0)
      const forbidden = await host.serve('listens where nobody may ask', { host: '127.0.0.2' })
      const port = await host.serve(vice.name)
      const timeoutMs = vice.endings.includes('timeout') ? TIMEOUT_MS : TIMEOUT_MS_LONG
      let left = chosen
      for (let tries = 0; tries < TRIES_MAX && left.length > 0; tries++) {
        const { meetings, tookMs } = await meet(left, port, { timeoutMs })
        await assertOver(meetings, port)
        assert.ok(tookMs <= timeoutMs * DEADLINES_MAX, `took ${tookMs} ms of ${timeoutMs}`)
        // That is the right thing to say of a busy machine, but nothing of what is tested.
        left = meetings
          .filter(({ ending }) => ending === 'overloaded')
          .map(({ subject }) => subject)
        for (const { subject, ending, detail } of meetings) {
          const isRight = ending === 'overloaded' || vice.endings.includes(ending)
          assert.ok(isRight, `${subject.name} ended in ${ending} (${detail})`)
        }
      }
      assert.deepEqual(
        left.map(({ name }) => name),
        [],
        'this machine was too busy each time',
      )
      assert.equal((await host.count(forbidden)).taken, 0, 'connected where it must not')
    })
  }
})
