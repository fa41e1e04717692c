import assert from 'node:assert/strict'
import type { Reached } from '@watchfire/probes'
import { type Anvil, startAnvil } from '../../packages/probes/test/anvil.ts'
import { ask, askReached, askUntil } from './ask.ts'
import { type Ganache, startGanache } from './servers/ganache.ts'
import { startGethDev } from './servers/geth.ts'
import { keep, stopServers } from './servers/lifetime.ts'

const CHAIN_ID = 31_339
/** Blocks before and after the place where a chain is turned back. */
const KEPT = 10
const TURNED_BACK = 10

const target = (url: string, chainId = CHAIN_ID) =>
  ['evm-rpc', { url, chainId, blockMs: 1000, referenceDepth: 4, referenceStep: 10 }] as const

const read = (url: string) => askReached(...target(url))
const getText = ({ identities }: Reached, name: string) =>
  Buffer.from(identities[name] ?? []).toString(name === 'client' ? 'latin1' : 'hex')

const chains: readonly {
  readonly name: string
  readonly client: RegExp
  readonly start: (bornMs: number) => Promise<Anvil | Ganache>
}[] = [
  { name: 'anvil', client: /^anvil\/v\d/, start: (bornMs) => startAnvil(CHAIN_ID, bornMs) },
  { name: 'ganache', client: /^Ganache\/v7/, start: (bornMs) => startGanache(CHAIN_ID, bornMs) },
]

for (const { name, client, start } of chains) {
  describe(`kind evm-rpc, with ${name}`, () => {
    const bornS = Math.floor(Date.now() / 1000) - 60
    let chain: Anvil | Ganache

    /** Mines so many blocks, each a second after the one before. */
    const mine = async (count: number, firstS: number) => {
      for (let at = 0; at < count; at++) await chain.call('evm_mine', [firstS + at])
    }

    before(async () => {
      chain = keep(await start(bornS * 1000))
    })
    after(stopServers)

    it('reads blocks, the software, and that the chain stands still', async () => {
      await mine(KEPT, bornS + 1)
      const { signals, ...reached } = await read(chain.url)
      assert.equal(signals['head'], BigInt(KEPT))
      assert.ok(Number(signals['head-age']) >= 50_000 - 1000)
      assert.equal(signals['gas-used'], 0n)
      assert.match(getText({ signals, ...reached }, 'client'), client)
    })

    it('reads the same over a WebSocket', async () => {
      const http = await read(chain.url)
      const socket = await read(chain.url.replace('http:', 'ws:'))
      assert.deepEqual(socket.reference, http.reference)
      assert.equal(getText(socket, 'block-hash'), getText(http, 'block-hash'))
    })

    it('says wrong-chain where another chain is expected', async () => {
      const result = await ask(...target(chain.url, 1))
      assert.ok(result.status === 'failed')
      assert.equal(result.outcome, 'wrong-chain')
    })

    it('tells by the hash at the reference height that blocks were replaced by others', async () => {
      const snapshot = await chain.call('evm_snapshot', [])
      await mine(TURNED_BACK, bornS + KEPT + 1)
      const first = await read(chain.url)
      assert.equal(await chain.call('evm_revert', [snapshot]), true)
      await mine(TURNED_BACK, bornS + KEPT + 2)
      const second = await read(chain.url)
      assert.deepEqual(first.reference, { kind: 'height', value: KEPT + TURNED_BACK })
      assert.deepEqual(second.reference, first.reference)
      assert.notEqual(getText(second, 'block-hash'), getText(first, 'block-hash'))
    })
  })
}

describe('kind evm-rpc, with geth --dev', () => {
  it('reads a chain of one node, which nobody leads', async () => {
    const geth = await startGethDev(1)
    try {
      const { signals } = await askUntil(
        'some blocks',
        60_000,
        ['evm-rpc', { url: geth.url, chainId: 1337, blockMs: 1000 }],
        ({ signals: now }) => Number(now['head']) >= 3,
      )
      assert.equal(signals['peers'], 0n)
      assert.ok(Number(signals['head-age']) < 5000)
      const other = await ask('evm-rpc', { url: geth.url, chainId: 1 })
      assert.ok(other.status === 'failed')
      assert.equal(other.outcome, 'wrong-chain')
    } finally {
      await geth.stop()
    }
  })
})
