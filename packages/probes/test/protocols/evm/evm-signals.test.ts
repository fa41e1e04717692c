import assert from 'node:assert/strict'
import type { UnixMs } from '@watchfire/attestation'
import { contractKind } from '../../../src/kinds/contract.ts'
import type { BlockHead } from '../../../src/protocols/evm/ethereum.ts'
import { getChainSignals, getHeadSignals } from '../../../src/protocols/evm/evm-signals.ts'
import { evmRpcKind } from '../../../src/kinds/evm-rpc.ts'
import { priceFeedKind } from '../../../src/kinds/price-feed.ts'
import type { ProbeKind } from '../../../src/kind.ts'
import { makeRegistry } from '../../../src/registry.ts'
import { expandTarget } from '../../../src/target.ts'

const START_MS = 9000 as UnixMs

const makeHead = (height: number, more: Partial<BlockHead> = {}): BlockHead => ({
  height,
  timestampMs: height * 1000,
  hash: new Uint8Array(32),
  gasUsed: 50,
  gasLimit: 100,
  baseFeeWei: 7,
  transactions: 3,
  ...more,
})

describe('signals of an EVM node', () => {
  it('are no lag below 0, of a tag that is ahead of the head', () => {
    const signals = getChainSignals(makeHead(9), { safe: 12, finalized: 11, peers: undefined })
    assert.deepEqual(signals, { finalized: 11n, 'finalized-lag': 0n, 'safe-lag': 0n })
  })

  it('leave out an interval from genesis, a share of no gas, and what 64 bits do not hold', () => {
    const genesis = makeHead(0, { timestampMs: 0 })
    assert.ok(!('block-interval' in getHeadSignals(makeHead(9), genesis, START_MS)))
    const bare = makeHead(9, { gasLimit: 0 })
    assert.ok(!('gas-used' in getHeadSignals(bare, makeHead(1), START_MS)))
    const busy = makeHead(9, { gasUsed: Number.MAX_SAFE_INTEGER, gasLimit: 1 })
    assert.ok(!('gas-used' in getHeadSignals(busy, makeHead(1), START_MS)))
  })

  it('are an interval of at least a millisecond', () => {
    const head = makeHead(9, { timestampMs: 1001 })
    const signals = getHeadSignals(head, makeHead(1, { timestampMs: 1000 }), START_MS)
    assert.equal(signals['block-interval'], 1n)
  })

  it('are held to ten blocks’ time and ten seconds, and three blocks of lag, by default', () => {
    const address = `0x${'11'.repeat(20)}`
    const basis = { url: 'http://rpc.example/', chainId: 1 }
    const find = (kind: ProbeKind, signal: string, more: object) => {
      const params = { ...basis, ...more }
      const draft = { id: 'a', kind: kind.kind, group: 'g', timeoutMs: 800, params }
      const expanded = expandTarget(draft, makeRegistry([kind]))
      assert.ok(expanded.ok)
      return expanded.target.policy.thresholds.find((one) => one.signal === signal)
    }
    const feed = { address, decimals: 8, heartbeatMs: 60_000 }
    const calls = [{ signal: 'value', address, data: '0x313ce567' }]
    const stalled = { signal: 'head-age', above: 130_000, clear: 65_000, severity: 'degraded' }
    assert.deepEqual(find(evmRpcKind, 'head-age', {}), stalled)
    assert.deepEqual(find(priceFeedKind, 'head-age', feed), stalled)
    assert.deepEqual(find(contractKind, 'head-age', { calls }), stalled)
    const carried = { signal: 'carried', above: 0, severity: 'degraded' }
    assert.deepEqual(find(priceFeedKind, 'carried', feed), carried)
    assert.equal(find(evmRpcKind, 'head', { blockMs: 60_000 })?.lag, 3)
    assert.equal(find(evmRpcKind, 'head', { blockMs: 1000 })?.lag, 30)
  })
})
