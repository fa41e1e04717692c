import assert from 'node:assert/strict'
import {
  areAllUp,
  hasVerdict,
  isDegraded,
  type Monitors,
  signalOf,
  startMonitors,
  type Targets,
} from './monitors.ts'
import { makeEndParams, startPath } from './path-ends.ts'
import { startHermes } from './servers/hermes.ts'
import { stopServers } from './servers/lifetime.ts'
import type { PathEnd, RelayerProgram } from './servers/relayer-program.ts'
import { FUNDS } from './servers/simd.ts'

const ROUND_MS = 6000
const TRUSTING_SECONDS = 300
const limits = { expirySecondsMin: 60, pendingMsMax: 30_000, backlogMax: 1 }
const PACKETS = 3
/** Too little for one transaction. */
const CHANGE = 100

describe('four monitors that watch Hermes, and where its packets are sent', () => {
  let hermes: RelayerProgram
  let here: PathEnd
  let there: PathEnd
  let monitors: Monitors

  const areUp = (state: Targets) => areAllUp(state, ['backlog', 'wallet', 'here'])

  before(async () => {
    hermes = await startPath(startHermes, TRUSTING_SECONDS)
    ;[here, there] = hermes.ends
    const program = { url: hermes.metricsUrl, software: 'hermes' }
    monitors = await startMonitors(ROUND_MS, [
      { id: 'backlog', kind: 'relayer', params: { ...program, ...limits } },
      { id: 'wallet', kind: 'relayer', params: { ...program, walletMin: FUNDS / 1000 } },
      { id: 'here', kind: 'ibc', params: { ...makeEndParams(here), ...limits } },
    ])
  })
  after(stopServers)

  it('agree that it is up though no worker carries packets, since there are none', async () => {
    const targets = await monitors.until('all up', 180_000, areUp)
    assert.equal(signalOf(targets.get('backlog'), 'packet-workers'), '0')
  })

  it('agree that packets wait, by what it says and by what the chain does, and that its money is gone', async () => {
    await there.chain.leaveRelayer(CHANGE)
    await here.chain.sendPackets(here.channel, PACKETS)
    // They are sent one by one, and degrade before they are all.
    const targets = await monitors.until('degraded', 180_000, (state) => {
      return (
        isDegraded(state, 'backlog', /backlog/) &&
        isDegraded(state, 'wallet', /wallet/) &&
        isDegraded(state, 'here', /oldest-pending|backlog/) &&
        ['backlog', 'here'].every((id) => signalOf(state.get(id), 'backlog') === String(PACKETS))
      )
    })
    assert.equal(signalOf(targets.get('wallet'), 'wallet'), String(CHANGE))
  })

  it('agree that all is well when it has money, and a next packet wakes it', async () => {
    await there.chain.payRelayer(FUNDS / 10)
    await here.chain.sendPackets(here.channel, 1)
    await monitors.until('all up', 240_000, areUp)
  })

  it('agree that it is down when it is gone', async () => {
    await hermes.process.stop()
    await monitors.until('down', 120_000, (state) =>
      hasVerdict(state, 'backlog', 'down', /^refused/),
    )
  })
})
