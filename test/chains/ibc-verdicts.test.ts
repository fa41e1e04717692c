import assert from 'node:assert/strict'
import {
  areAllUp,
  hasVerdict,
  isDegraded,
  type Monitors,
  signalOf,
  startMonitors,
} from './monitors.ts'
import { makeEndParams, startPath } from './path-ends.ts'
import { stopServers } from './servers/lifetime.ts'
import type { PathEnd, RelayerProgram } from './servers/relayer-program.ts'
import { startRly } from './servers/rly.ts'
import { FUNDS } from './servers/simd.ts'

const ROUND_MS = 6000
/** Clients are updated when a third of it is left: 100 s, which the policy's 60 s leaves time for. */
const TRUSTING_SECONDS = 300
const limits = { expirySecondsMin: 60, pendingMsMax: 30_000, backlogMax: 50 }
const CHANGE = 100

describe('four monitors that watch a path between two chains, and its relayer', () => {
  let relayer: RelayerProgram
  let here: PathEnd
  let there: PathEnd
  let monitors: Monitors

  const untilUp = (withinMs: number) =>
    monitors.until('all up', withinMs, (state) => areAllUp(state, ['relayer', 'here', 'there']))

  before(async () => {
    relayer = await startPath(startRly, TRUSTING_SECONDS)
    ;[here, there] = relayer.ends
    const makeEnd = (end: PathEnd) => ({ ...makeEndParams(end), ...limits })
    const program = { url: relayer.metricsUrl, software: 'rly', walletMin: FUNDS / 1000, ...limits }
    monitors = await startMonitors(ROUND_MS, [
      { id: 'relayer', kind: 'relayer', params: program },
      { id: 'here', kind: 'ibc', params: makeEnd(here) },
      { id: 'there', kind: 'ibc', params: makeEnd(there) },
      { id: 'nowhere', kind: 'ibc', params: { ...makeEnd(here), clientId: '07-tendermint-9' } },
    ])
  })
  after(stopServers)

  it('agree that a path that is relayed is up, and one that is not there is down', async () => {
    const targets = await untilUp(180_000)
    assert.ok(hasVerdict(targets, 'nowhere', 'down', /^content/))
  })

  it('agree that packets wait at one end, and that the relayer has no money left', async () => {
    await there.chain.leaveRelayer(CHANGE)
    await here.chain.sendPackets(here.channel, 2)
    const targets = await monitors.until('degraded, both', 240_000, (state) => {
      return isDegraded(state, 'here', /oldest-pending/) && isDegraded(state, 'relayer', /wallet/)
    })
    assert.equal(signalOf(targets.get('here'), 'backlog'), '2')
    assert.ok(hasVerdict(targets, 'there', 'up'), 'packets wait at the end where they were sent')
    await there.chain.payRelayer(FUNDS / 10)
    await untilUp(240_000)
  })

  it('agree that a frozen relayer is down, while packets wait for it', async () => {
    relayer.process.freeze()
    await here.chain.sendPackets(here.channel, 1)
    await monitors.until('down, and degraded', 180_000, (state) => {
      return (
        hasVerdict(state, 'relayer', 'down', /^timeout/) &&
        isDegraded(state, 'here', /oldest-pending/)
      )
    })
    relayer.process.thaw()
    await untilUp(240_000)
  })

  it('agree that clients near their end, which nobody updates, and then that they have ended', async () => {
    await relayer.process.stop(true)
    await monitors.until('a client near its end', 420_000, (state) => {
      return (
        hasVerdict(state, 'relayer', 'down', /^refused/) &&
        isDegraded(state, 'there', /client-expiry/)
      )
    })
    const targets = await monitors.until('clients that have ended', 180_000, (state) => {
      return ['here', 'there'].every((id) => hasVerdict(state, id, 'down', /client-active/))
    })
    assert.ok(hasVerdict(targets, 'relayer', 'down'))
  })
})
