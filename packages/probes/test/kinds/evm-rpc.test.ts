import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { evmRpcKind, getReferenceHeight } from '../../src/kinds/evm-rpc.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { type Anvil, startAnvil } from '../anvil.ts'
import { makeBlock, type RpcTable, startRpcServer } from '../rpc-server.ts'

const CHAIN_ID = 31_337
const NOW_S = 1_750_000_000
const answers = {
  eth_chainId: { result: '0x7a69' },
  eth_syncing: { result: false },
  eth_getBlockByNumber: { result: makeBlock(0, NOW_S) },
} satisfies RpcTable
const healthy: RpcTable = answers

/** Probes a server that answers as healthy, except where `table` says otherwise. */
async function probe(table: RpcTable): Promise<ProbeResult> {
  const server = await startRpcServer({ ...healthy, ...table })
  try {
    const params = { url: server.url, chainId: CHAIN_ID }
    return await probeOnce(evmRpcKind, params, { roundStartMs: Date.now() })
  } finally {
    await server.close()
  }
}

describe('kind evm-rpc', () => {
  describe('with a real chain', () => {
    let anvil: Anvil
    before(async () => {
      anvil = await startAnvil(CHAIN_ID)
      await anvil.call('anvil_mine', ['0x30'])
    })
    after(() => anvil.stop())

    it('reads the head, and the hash of a block below it that others read too', async () => {
      const params = { url: anvil.url, chainId: CHAIN_ID, referenceDepth: 8, referenceStep: 16 }
      const result = await probeOnce(evmRpcKind, params)
      assert.ok(result.status === 'reached', getEnding(result))
      assert.equal(result.signals['head'], 0x30n)
      assert.deepEqual(result.reference, { kind: 'height', value: 32 })
      const block = (await anvil.call('eth_getBlockByNumber', ['0x20', false])) as { hash: string }
      assert.equal(
        Buffer.from(result.identities['block-hash'] ?? []).toString('hex'),
        block.hash.slice(2),
      )
    })

    it('measures the head’s age from the start of the round', async () => {
      const head = (await anvil.call('eth_getBlockByNumber', ['latest', false])) as {
        timestamp: string
      }
      const roundStartMs = Date.now()
      const result = await probeOnce(
        evmRpcKind,
        { url: anvil.url, chainId: CHAIN_ID },
        { roundStartMs },
      )
      assert.ok(result.status === 'reached', getEnding(result))
      assert.equal(result.signals['head-age'], BigInt(roundStartMs - Number(head.timestamp) * 1000))
    })

    it('says wrong-chain of another chain', async () => {
      const result = await probeOnce(evmRpcKind, { url: anvil.url, chainId: 1 })
      assert.equal(getEnding(result), 'wrong-chain')
    })

    it('opens one connection for all of its calls', async () => {
      const result = await probeOnce(evmRpcKind, { url: anvil.url, chainId: CHAIN_ID })
      assert.equal(result.phases.filter(({ name }) => name === 'connect').length, 1)
      assert.equal(result.phases.filter(({ name }) => name === 'request').length, 4)
    })
  })

  it('says syncing of a node that is', async () => {
    const state = { startingBlock: '0x0', currentBlock: '0x1', highestBlock: '0x2' }
    assert.equal(getEnding(await probe({ eth_syncing: { result: state } })), 'syncing')
  })

  it('says syncing of a node whose state nests deeper than can be written out', async () => {
    const levels = 100_000
    const deep = `{"currentBlock":"0x1","a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    const server = createHttpServer((request, response) => {
      request.setEncoding('utf8')
      let text = ''
      request.on('data', (piece: string) => (text += piece))
      request.on('end', () => {
        const { id, method } = JSON.parse(text) as { id: number; method: keyof typeof answers }
        const result = method === 'eth_syncing' ? deep : JSON.stringify(answers[method].result)
        response.end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const params = { url: `http://127.0.0.1:${port}/`, chainId: CHAIN_ID }
    const result = await probeOnce(evmRpcKind, params, { roundStartMs: Date.now() })
    server.close()
    server.closeAllConnections()
    assert.equal(getEnding(result), 'syncing')
    assert.ok(result.status === 'failed')
    assert.equal(result.detail, 'at block 1 of unknown')
  })

  it('does without eth_syncing where a server does not know it', async () => {
    const error = { code: -32_601, message: 'the method does not exist' }
    assert.equal(getEnding(await probe({ eth_syncing: { error } })), 'reached')
  })

  it('says content of a node that lacks the block below its own head', async () => {
    assert.equal(getEnding(await probe({ eth_getBlockByNumber: { result: null } })), 'content')
    const other = { result: makeBlock(100, NOW_S) }
    assert.equal(getEnding(await probe({ eth_getBlockByNumber: other })), 'content')
  })

  it('says protocol of what is no block, no number, or no answer', async () => {
    for (const result of [{}, [], 'block', { ...makeBlock(0, NOW_S), hash: '0x00' }, 1]) {
      const ending = getEnding(await probe({ eth_getBlockByNumber: { result } }))
      assert.equal(ending, 'protocol', JSON.stringify(result))
    }
    const huge = { result: { ...makeBlock(0, NOW_S), timestamp: '0xffffffffffffffff' } }
    assert.equal(getEnding(await probe({ eth_getBlockByNumber: huge })), 'protocol')
    for (const result of ['31337', null, '0x', 31_337]) {
      assert.equal(getEnding(await probe({ eth_chainId: { result } })), 'protocol')
    }
    assert.equal(getEnding(await probe({ eth_syncing: { result: 'maybe' } })), 'protocol')
  })

  it('says protocol of what is no answer to its call', async () => {
    for (const body of ['not JSON', '[]', '{"jsonrpc":"2.0","id":7,"result":"0x1"}', '{"id":1}']) {
      const server = createHttpServer((_request, response) => response.end(body))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = server.address() as AddressInfo
        const params = { url: `http://127.0.0.1:${port}/`, chainId: CHAIN_ID }
        assert.equal(getEnding(await probeOnce(evmRpcKind, params)), 'protocol', body)
      } finally {
        await new Promise((resolve) => server.close(resolve))
      }
    }
  })

  it('says status of a provider whose quota is used up, and protocol of other errors', async () => {
    const limit = { error: { code: -32_005, message: 'limit exceeded' } }
    assert.equal(getEnding(await probe({ eth_chainId: limit })), 'status')
    const other = { error: { code: -32_603, message: 'internal error' } }
    assert.equal(getEnding(await probe({ eth_chainId: other })), 'protocol')
  })

  it('opens another connection where a server closes each without a word', async () => {
    const server = createServer((socket) => {
      socket.once('data', (chunk) => {
        const { id, method } = JSON.parse(chunk.toString().split('\r\n\r\n')[1] ?? '') as {
          id: number
          method: string
        }
        const body = JSON.stringify({ jsonrpc: '2.0', id, ...healthy[method] })
        // HTTP/1.0: the connection ends with the answer, and no header says so.
        socket.end(`HTTP/1.0 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const result = await probeOnce(evmRpcKind, {
        url: `http://127.0.0.1:${port}`,
        chainId: CHAIN_ID,
      })
      assert.equal(getEnding(result), 'reached')
      assert.equal(result.phases.filter(({ name }) => name === 'connect').length, 4)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('compares hashes at multiples of a step, below what may still be reorganized', () => {
    const params = { referenceDepth: 8, referenceStep: 32 }
    for (const [head, height] of [
      [0, 0],
      [7, 0],
      [39, 0],
      [40, 32],
      [71, 32],
      [72, 64],
    ] as const) {
      assert.equal(getReferenceHeight(head, params), height, `head ${head}`)
    }
  })

  it('measures lag by default only within a group', () => {
    const registry = makeRegistry([evmRpcKind])
    const params = { url: 'http://127.0.0.1/', chainId: 1, blockMs: 1000 }
    const draft = { id: 'node', kind: 'evm-rpc', timeoutMs: 800, params }
    const alone = expandTarget(draft, registry)
    const grouped = expandTarget({ ...draft, group: 'mainnet' }, registry)
    assert.ok(alone.ok && grouped.ok)
    assert.deepEqual(
      alone.target.policy.thresholds.map(({ signal }) => signal),
      ['latency', 'head-age'],
    )
    assert.deepEqual(grouped.target.policy.thresholds.at(-1), {
      signal: 'head',
      lag: 30,
      severity: 'degraded',
    })
  })
})
