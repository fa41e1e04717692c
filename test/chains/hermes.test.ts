import assert from 'node:assert/strict'
import { ask, askReached, askUntil } from './ask.ts'
import { checkFrozen, end, startPath, untilDelivered } from './path-ends.ts'
import { startHermes } from './servers/hermes.ts'
import { stopServers } from './servers/lifetime.ts'
import type { PathEnd, RelayerProgram } from './servers/relayer-program.ts'
import { FUNDS } from './servers/simd.ts'

const TRUSTING_SECONDS = 240
/** It looks at its wallets every 5 s. */
const WALLET_MS = 60_000
const PACKETS = 3
/** Too little for one transaction. */
const CHANGE = 100

describe('kinds relayer and ibc, with Hermes between two chains of ibc-go', () => {
  let relayer: RelayerProgram
  let here: PathEnd
  let there: PathEnd

  const target = (over: object = {}) =>
    ['relayer', { url: relayer.metricsUrl, software: 'hermes', ...over }] as const
  /** What it says of one chain. */
  const of = ({ chain }: PathEnd) => target({ labels: { chain: chain.chainId } })
  /** Waits until it tells of each wallet what the chain does. */
  const untilWalletsAgree = async () => {
    for (const each of [here, there]) {
      const balance = BigInt(await each.chain.getRelayerBalance())
      await askUntil(`a wallet of ${balance}`, WALLET_MS, of(each), ({ signals }) => {
        return signals['wallet'] === balance
      })
    }
  }

  before(async () => {
    relayer = await startPath(startHermes, TRUSTING_SECONDS)
    ;[here, there] = relayer.ends
  })
  after(stopServers)

  it('reads of one that has nothing to do that nothing is pending, and no worker is there for it', async () => {
    const { signals } = await askReached(...target())
    assert.equal(signals['backlog'], 0n)
    assert.equal(signals['packet-workers'], 0n)
    // Since release 1.7.4 it does not tell since when packets are pending.
    assert.equal(signals['oldest-pending'], undefined)
    for (const each of [here, there]) {
      const { signals: read } = await askReached(...end(each))
      assert.equal(read['client-active'], 1n)
      assert.equal(read['trusting-period'], BigInt(TRUSTING_SECONDS))
      assert.equal(read['channel-open'], 1n)
      assert.equal(read['backlog'], 0n)
      assert.equal(read['oldest-pending'], 0n)
    }
  })

  it('reads what is in its wallets as the chains tell it, and of both the lesser', async () => {
    await untilWalletsAgree()
    const balances = await Promise.all([here, there].map(({ chain }) => chain.getRelayerBalance()))
    // It has paid for the path out of what it had.
    assert.ok(balances.every((balance) => balance < FUNDS && balance > FUNDS * 0.9))
    const { signals } = await askReached(...target())
    assert.equal(signals['wallet'], BigInt(Math.min(...balances)))
  })

  it('sees packets arrive, the workers that carry them, and what that has cost', async () => {
    const before = await there.chain.getRelayerBalance()
    await here.chain.sendPackets(here.channel, PACKETS)
    await askUntil('workers', 60_000, target(), ({ signals }) => {
      return Number(signals['packet-workers']) > 0
    })
    await untilDelivered(here, 60_000)
    await askUntil('no backlog', 60_000, target(), ({ signals }) => signals['backlog'] === 0n)
    assert.ok((await there.chain.getRelayerBalance()) < before)
    await untilWalletsAgree()
  })

  it('sees packets wait where the wallet that pays for them is empty, as the chain does', async () => {
    await there.chain.leaveRelayer(CHANGE)
    await here.chain.sendPackets(here.channel, PACKETS)
    await askUntil('a backlog', 60_000, of(here), ({ signals }) => {
      return signals['backlog'] === BigInt(PACKETS)
    })
    await askUntil('an empty wallet', WALLET_MS, target(), ({ signals }) => {
      return signals['wallet'] === BigInt(CHANGE)
    })
    const { signals } = await askUntil('old packets', 60_000, end(here), ({ signals: read }) => {
      return Number(read['oldest-pending']) > 10_000
    })
    assert.equal(signals['backlog'], BigInt(PACKETS))
    assert.equal((await askReached(...of(there))).signals['backlog'], 0n)
    assert.equal((await askReached(...end(there))).signals['backlog'], 0n)
  })

  it('sees its workers end when they have had nothing new for a while, and packets wait on', async () => {
    const { signals } = await askUntil('no workers', 120_000, target(), ({ signals: read }) => {
      return read['packet-workers'] === 0n
    })
    assert.equal(signals['backlog'], BigInt(PACKETS))
  })

  it('sees nothing wait any more when it has money again, and a next packet that wakes it', async () => {
    await there.chain.payRelayer(FUNDS / 10)
    await untilWalletsAgree()
    await here.chain.sendPackets(here.channel, 1)
    await untilDelivered(here, 120_000)
    await askUntil('no backlog', 60_000, target(), ({ signals }) => signals['backlog'] === 0n)
  })

  it('says timeout of one that is frozen, while the chains tell what waits for it', async () => {
    await checkFrozen(relayer, target(), here)
  })

  it('says refused of one that is gone, while packets wait at the chain that it served', async () => {
    await relayer.process.stop()
    const gone = await ask(...target())
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
    await here.chain.sendPackets(here.channel, 1)
    const { signals } = await askReached(...end(here))
    assert.equal(signals['backlog'], 1n)
    assert.equal(signals['client-active'], 1n)
  })
})
