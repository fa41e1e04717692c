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
    await contract.set(7n, 2n ** 200n, 2n, 1n)
    for (const call of [
      { word: 5 },
      { word: 0, type: 'bool' },
      { word: 3, type: 'bool' },
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

  it('makes signals of functions by their signatures', async () => {
    await contract.set(7n, -123_456n, 5n, 1n)
    const round =
      'latestRoundData() view returns (uint80 id, int256 answer, uint256 startedAt, uint256 time, uint80 answeredIn)'
    const result = await ask([
      { signal: 'queue', data: undefined, function: round },
      {
        signal: 'balance',
        data: undefined,
        function: round,
        output: 'answer',
        decimals: 5,
        scale: 2,
      },
      { signal: 'digits', data: undefined, function: 'decimals() view returns (uint8)' },
    ])
    assert.ok(result.status === 'reached', getEnding(result))
    const { queue, balance, digits } = result.signals
    assert.deepEqual([queue, balance, digits], [7n, -123n, 8n])
    // It returns five words, of which the second is no uint80.
    const wrong = await ask([
      {
        signal: 'x',
        data: undefined,
        function: 'latestRoundData() returns (uint80, uint80)',
        output: '1',
      },
    ])
    assert.ok(wrong.status === 'failed' && wrong.outcome === 'content')
    assert.equal(wrong.detail, 'x: no uint80 at 1')
  })

  it('makes signals of ratios, exact whatever the decimals and scales, none over 0', async () => {
    await contract.set(7n, 1_234_567n, 3n, 0n)
    const ratio = (more: object) => ({ signal: 'ratio', of: 'balance', over: 'debt', ...more })
    const calls = (decimals: number, debt: object) => [
      { signal: 'balance', word: 1, type: 'int', decimals },
      { signal: 'debt', ...debt },
    ]
    const get = async (decimals: number, debt: object, more: object = {}) => {
      const result = await ask(calls(decimals, debt), { ratios: [ratio(more)] })
      assert.ok(result.status === 'reached', getEnding(result))
      return result.signals['ratio']
    }
    // 1.234567 over 3: 4115.2233… basis points, though the signals are 1 and 3.
    assert.equal(await get(6, { word: 3 }), 411_522n)
    assert.equal(await get(6, { word: 3, decimals: 2 }), 41_152_233n)
    assert.equal(await get(0, { word: 3, decimals: 36 }), 2n ** 63n - 1n)
    assert.equal(await get(6, { word: 4 }), undefined)
    assert.equal(await get(6, { word: 3 }, { of: 'debt', over: 'balance' }), 2_430_001n)
    await contract.set(7n, -9n, 3n, 0n)
    assert.equal(await get(0, { word: 3 }), -3_000_000n)
    assert.equal(await get(0, { word: 3, decimals: 36 }), 1n - 2n ** 63n)
  })

  it('refuses calls and ratios that make no sense, each by its field', () => {
    const call = { signal: 'a', address: `0x${'11'.repeat(20)}` }
    const find = (calls: readonly object[], ratios: readonly object[] = []) => {
      const params = { url: 'http://rpc.example/', chainId: 1, calls, ratios }
      const parsed = parseParams(contractKind, params)
      return parsed.ok ? [] : parsed.problems.map(({ path, code }) => `${path.join('.')} ${code}`)
    }
    const good = { ...call, function: 'paused() view returns (bool)' }
    assert.deepEqual(find([good], [{ signal: 'b', of: 'a', over: 'a' }]), [])
    assert.deepEqual(find([call]), ['params.calls.0.function missing-param'])
    assert.deepEqual(find([{ ...good, data }]), ['params.calls.0.data unused-param'])
    assert.deepEqual(find([{ ...good, args: ['1'] }]), ['params.calls.0.args bad-function'])
    assert.deepEqual(find([{ ...good, output: 'b' }]), ['params.calls.0.output bad-function'])
    assert.deepEqual(find([{ ...good, function: 'paused' }]), [
      'params.calls.0.function bad-function',
    ])
    assert.deepEqual(find([good], [{ signal: 'a', of: 'a', over: 'b' }]), [
      'params.ratios.0.signal duplicate-signal',
      'params.ratios.0.over unknown-call',
    ])
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
