import assert from 'node:assert/strict'
import { toFunctionSelector } from 'viem'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { contractKind } from '../../src/kinds/contract.ts'
import { parseParams } from '../../src/params.ts'
import { type Anvil, startAnvil } from '../anvil.ts'
import { deployFeed, type FeedContract } from '../feed-contract.ts'

const CHAIN_ID = 31_337
const data = toFunctionSelector('latestRoundData()')

describe('kind contract', () => {
  let anvil: Anvil
  let contract: FeedContract

  before(async function () {
    // The compiler alone takes a second or two to load.
    this.timeout(30_000)
    // Its blocks are all of the past, so that the latest is what is read.
    anvil = await startAnvil(CHAIN_ID, Date.now() - 3_600_000)
    contract = await deployFeed(anvil, 8)
  })
  after(() => anvil.stop())

  const ask = (calls: readonly object[], more: object = {}) =>
    probeOnce(contractKind, {
      url: anvil.url,
      chainId: CHAIN_ID,
      calls: calls.map((call) => ({ address: contract.address, data, ...call })),
      ...more,
    })

  it('makes signals of the words that a contract returns, at one block', async () => {
    await contract.set(7n, -123_456n, 1n, 1n)
    const result = await ask([
      { signal: 'queue' },
      { signal: 'balance', word: 1, type: 'int', decimals: 5, scale: 2 },
      { signal: 'paused', word: 3, type: 'bool' },
      { signal: 'digits', data: toFunctionSelector('decimals()') },
    ])
    assert.ok(result.status === 'reached', getEnding(result))
    const { queue, balance, paused, digits } = result.signals
    assert.deepEqual([queue, balance, paused, digits], [7n, -123n, 1n, 8n])
    const head = (await anvil.call('eth_blockNumber', [])) as string
    assert.deepEqual(result.reference, { kind: 'height', value: Number(head) })
  })

  it('says content of what is not there, no bool, or more than 64 bits hold', async () => {
    await contract.set(7n, 2n ** 200n, 1n, 1n)
    for (const call of [
      { word: 5 },
      { word: 0, type: 'bool' },
      { word: 1 },
      { word: 0, scale: 18, decimals: 0 },
    ]) {
      const ending = getEnding(await ask([{ signal: 'value', ...call }]))
      const isHeld = call.scale === 18
      assert.equal(ending, isHeld ? 'reached' : 'content', JSON.stringify(call))
    }
  })

  it('says reverted of a function or a contract that is not there, and wrong-chain before that', async () => {
    const call = { signal: 'value', data: '0xdeadbeef' }
    assert.equal(getEnding(await ask([call])), 'reverted')
    const nobody = { signal: 'value', address: `0x${'11'.repeat(20)}` }
    assert.equal(getEnding(await ask([nobody])), 'reverted')
    assert.equal(getEnding(await ask([nobody], { chainId: 1 })), 'wrong-chain')
  })

  it('refuses two signals of one name', () => {
    const call = { signal: 'value', address: `0x${'11'.repeat(20)}`, data }
    const find = (calls: readonly object[]) => {
      const parsed = parseParams(contractKind, { url: 'http://rpc.example/', chainId: 1, calls })
      return parsed.ok ? [] : parsed.problems.map(({ code }) => code)
    }
    assert.deepEqual(find([call]), [])
    assert.deepEqual(find([call, call]), ['duplicate-signal'])
    assert.deepEqual(find([{ ...call, signal: 'latency' }]), ['duplicate-signal'])
  })
})
