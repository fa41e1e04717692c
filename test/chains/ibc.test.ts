import assert from 'node:assert/strict'
import { ask, askFor, askReached, askUntil } from './ask.ts'
import { checkFrozen, end, startPath, untilDelivered } from './path-ends.ts'
import { stopServers } from './servers/lifetime.ts'
import type { PathEnd, RelayerProgram } from './servers/relayer-program.ts'
import { startRly } from './servers/rly.ts'
import { FUNDS } from './servers/simd.ts'

/** Clients are updated when a third of it is left. */
const TRUSTING_SECONDS = 240
/** It looks at its wallets once a minute, or less often. */
const WALLET_MS = 150_000
const PACKETS = 3
/** Too little for one transaction. */
const CHANGE = 100

describe('kinds relayer and ibc, with the Go relayer between two chains of ibc-go', () => {
  let relayer: RelayerProgram
  let here: PathEnd
  let there: PathEnd

  const target = () => ['relayer', { url: relayer.metricsUrl, software: 'rly' }] as const

  before(async () => {
    relayer = await startPath(startRly, TRUSTING_SECONDS)
    ;[here, there] = relayer.ends
  })
  after(stopServers)

  it('reads both ends of a path that is relayed, and what its relayer says', async () => {
    for (const each of [here, there]) {
      const { signals } = await askReached(...end(each))
      assert.equal(signals['client-active'], 1n)
      assert.equal(signals['trusting-period'], BigInt(TRUSTING_SECONDS))
      const expiry = Number(signals['client-expiry'])
      assert.ok(expiry > TRUSTING_SECONDS / 4 && expiry <= TRUSTING_SECONDS, `${expiry} s`)
      assert.equal(signals['channel-open'], 1n)
      assert.equal(signals['backlog'], 0n)
      assert.equal(signals['oldest-pending'], 0n)
      assert.equal(signals['catching-up'], 0n)
      assert.ok(Number(signals['head-age']) < 10_000)
    }
    const { signals } = await askUntil('a wallet', WALLET_MS, target(), ({ signals: read }) => {
      return read['wallet'] !== undefined
    })
    assert.equal(signals['backlog'], 0n)
    // It has paid for the path out of what it had.
    assert.ok(Number(signals['wallet']) < FUNDS && Number(signals['wallet']) > FUNDS * 0.9)
    assert.ok(Number(signals['client-expiry']) > 0)
  })

  it('reads the same of when clients expire off the chains as a relayer that tells it', async () => {
    const [one, other, told] = await Promise.all([
      askReached(...end(here)),
      askReached(...end(there)),
      askReached(...target()),
    ])
    const read = [one, other].map(({ signals }) => Number(signals['client-expiry']))
    const apart = Math.abs(Math.min(...read) - Number(told.signals['client-expiry']))
    assert.ok(apart <= 20, `${apart} s apart`)
  })

  it('sees packets arrive', async () => {
    await here.chain.sendPackets(here.channel, PACKETS)
    await untilDelivered(here, 60_000)
  })

  it('sees packets wait, and for how long, where the wallet that pays for them is empty', async () => {
    await there.chain.leaveRelayer(CHANGE)
    await here.chain.sendPackets(here.channel, PACKETS)
    const { signals } = await askUntil(
      'old packets',
      60_000,
      end(here),
      ({ signals: read }) => Number(read['oldest-pending']) > 15_000,
    )
    assert.equal(signals['backlog'], BigInt(PACKETS))
    assert.equal((await askReached(...end(there))).signals['backlog'], 0n)
    await askUntil('a wallet and a backlog', WALLET_MS, target(), ({ signals: told }) => {
      return Number(told['wallet']) <= CHANGE && told['backlog'] === BigInt(PACKETS)
    })
    await there.chain.payRelayer(FUNDS / 10)
    await untilDelivered(here, 120_000)
    await askUntil('no backlog', 120_000, target(), ({ signals: told }) => {
      return told['backlog'] === 0n
    })
  })

  it('says timeout of a relayer that is frozen, while the chains tell what waits for it', async () => {
    await checkFrozen(relayer, target(), here)
  })

  it('says refused of one that is gone, and sees the clients end that it kept', async () => {
    await relayer.process.stop(true)
    const gone = await ask(...target())
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
    const expired = await askUntil(
      'an expired client',
      (TRUSTING_SECONDS + 60) * 1000,
      end(there),
      ({ signals }) => signals['client-active'] === 0n,
    )
    assert.ok(Number(expired.signals['client-expiry']) <= 0)
    assert.equal(expired.signals['channel-open'], 1n)
  })

  it('says content of a client or a channel that is not there, and wrong-chain', async () => {
    for (const [over, outcome] of [
      [{ clientId: '07-tendermint-99' }, 'content'],
      [{ channel: { id: 'channel-99' } }, 'content'],
      [{ chainId: there.chain.chainId }, 'wrong-chain'],
    ] as const) {
      const result = await askFor(outcome, 10_000, end(here, over), () => true)
      assert.ok(result.status === 'failed')
      assert.equal(result.outcome, outcome)
    }
  })
})
